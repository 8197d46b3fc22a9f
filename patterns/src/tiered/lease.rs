//! The lease of two tiers: a header, the near tier's links, the far tier's links.

use larder_core::Lease;

/// The header's first word: what tells the lease of tiers from any other.
const TIERS: u64 = 0x7469_6572_732d_6c65;

/// One lease of the two. The near tier's part may be missing: it failed, and will not be filled.
///
/// The header says how many links the near part has, since a tier may be of tiers itself.
pub(super) fn join(near: Option<Lease>, far: Lease) -> Lease {
    let (links, body) = match near {
        None => (0, far),
        Some(near) => {
            let (links, near) = counted(near);
            (links, near.and(far))
        }
    };
    Lease::new([TIERS, links]).and(body)
}

/// The two leases again; `None` if this is not a lease of two tiers.
pub(super) fn part(lease: Lease) -> Option<(Option<Lease>, Lease)> {
    let (header, body) = lease.split();
    let [TIERS, links] = header.stamp() else { return None };
    let (mut near, mut rest) = (None::<Lease>, body?);
    for _ in 0..links {
        let (first, others) = rest.split();
        near = Some(match near {
            None => first,
            Some(near) => near.and(first),
        });
        rest = others?;
    }
    Some((near, rest))
}

fn counted(lease: Lease) -> (u64, Lease) {
    let (mut all, mut rest) = lease.split();
    let mut links = 1;
    while let Some(lease) = rest {
        let (next, others) = lease.split();
        all = all.and(next);
        links += 1;
        rest = others;
    }
    (links, all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(n: u64) -> Lease {
        Lease::new([n, n])
    }

    #[test]
    fn each_tier_gets_back_the_links_it_gave() {
        let near = || link(1).and(link(2));
        let far = || link(3).and(link(4)).and(link(5));
        assert_eq!(part(join(Some(near()), far())), Some((Some(near()), far())));
        assert_eq!(part(join(None, far())), Some((None, far())));
        assert_eq!(
            part(join(Some(join(Some(link(1)), link(2))), link(3))),
            Some((Some(join(Some(link(1)), link(2))), link(3)))
        );
    }

    #[test]
    fn a_foreign_lease_or_half_of_one_has_no_parts() {
        assert_eq!(part(link(7)), None);
        assert_eq!(part(link(7).and(link(8))), None);
        assert_eq!(part(Lease::new([TIERS, 0])), None);
        assert_eq!(part(Lease::new([TIERS, 3]).and(link(1)).and(link(2))), None);
    }
}
