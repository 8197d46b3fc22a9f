//! Traffic of a live application as a trace: [`RecordExt::record`].
//!
//! ```
//! use larder_core::{Memory, Store, StoreExt};
//! use larder_lab::record::RecordExt;
//! use larder_lab::trace;
//! use larder_policies::Lru;
//!
//! # let folder = std::env::temp_dir().join(format!("larder-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let path = folder.join("today.larder");
//! # let (_env, manual) = larder_core::Env::manual();
//! # manual.block_on(async {
//! let users = Memory::<u64, String, _>::new(100, Lru::new).record(&path)?;
//! users.put(7, "Ada".to_owned()).await?;
//! users.value(&7).await?;
//! users.value(&8).await?;
//! users.close().await?;
//! # Ok::<(), larder_core::Error>(())
//! # })?;
//! assert_eq!(trace::open(&path)?.count(), 2);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod event;
mod ext;
mod options;
mod recorded;
mod recorder;
mod scribe;
mod stripes;
mod window;

pub use ext::RecordExt;
pub use options::RecordOptions;
pub use recorded::Recorded;
pub use recorder::Recording;
