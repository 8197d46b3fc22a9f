//! What `larder advise` tells to paste for a budget in bytes, of a trace with sizes and times. Its own test holds it to these lines.

#[rustfmt::skip]
pub fn pasted() -> larder::Result<larder::Cache<String, Vec<u8>>> {
    use std::time::Duration;

    use larder::Cache;
    use larder::policies::Lru;

    let cache: Cache<String, Vec<u8>> = Cache::builder()
        .capacity(490_598)
        .weigh(|_key, value: &Vec<u8>| u32::try_from(value.len()).unwrap_or(u32::MAX))
        .policy(Lru::new)
        .shards(1)
        .ttl(Duration::from_secs(4_294))
        .build()?;
    Ok(cache)
}
