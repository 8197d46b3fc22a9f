//! The lines that `larder advise` tells its users to paste compile, and make the cache that they say.

#[expect(unreachable_pub, reason = "as it is pasted")]
#[path = "../lab/tests/pasted/objects.rs"]
mod objects;
#[expect(unreachable_pub, reason = "as it is pasted")]
#[path = "../lab/tests/pasted/sizes.rs"]
mod sizes;

#[test]
fn what_is_pasted_is_a_cache() -> larder::Result<()> {
    for cache in [objects::pasted()?, sizes::pasted()?] {
        cache.insert("key".to_owned(), vec![1, 2, 3]);
        assert_eq!(cache.get("key"), Some(vec![1, 2, 3]));
    }
    Ok(())
}
