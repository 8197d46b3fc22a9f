//! What `larder advise` tells to paste for a budget in objects. Its own test holds it to these lines.

#[rustfmt::skip]
pub fn pasted() -> larder::Result<larder::Cache<String, Vec<u8>>> {
    use larder::Cache;
    use larder::policies::S3Fifo;

    let cache: Cache<String, Vec<u8>> = Cache::builder()
        .capacity(5_000)
        .policy(S3Fifo::new)
        .shards(4)
        .build()?;
    Ok(cache)
}
