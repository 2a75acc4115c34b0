//! Draining: stop taking work, finish what is in flight, then end.

use tokio::sync::watch;

/// Tells everybody to drain; dropping it does too.
#[derive(Debug)]
pub struct DrainSignal(watch::Sender<bool>);

/// Waits for the signal; clones wait for the same one.
#[derive(Debug, Clone)]
pub struct Drain(watch::Receiver<bool>);

/// A signal and those who wait for it.
pub fn channel() -> (DrainSignal, Drain) {
    let (sender, receiver) = watch::channel(false);
    (DrainSignal(sender), Drain(receiver))
}

impl DrainSignal {
    /// Starts the drain.
    pub fn start(&self) {
        self.0.send_replace(true);
    }
}

impl Drain {
    /// Whether it has started.
    pub fn is_started(&self) -> bool {
        *self.0.borrow()
    }

    /// Resolves once it has started.
    pub async fn started(&mut self) {
        // An error means the signal was dropped, which starts the drain as well.
        let _ = self.0.wait_for(|started| *started).await;
    }
}
