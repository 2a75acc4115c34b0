//! Strangers at the door: each story is told by a foreign client and takes only an address, so
//! Apache Kafka itself has to pass it too; what it refuses there, we need not do.

mod java;
mod kcat;
mod ours;
mod python;

use crate::peers;
use crate::support::{JavaTools, Kcat, Python, RealKafka};

/// All stories on one real node.
#[test]
fn apache_kafka_itself_passes() {
    peers!(kcat: Kcat, python: Python, java: JavaTools);
    let kafka = RealKafka::start(&java, &[]);
    let bootstrap = kafka.bootstrap();
    kcat::stories(&kcat, &bootstrap);
    python::stories(&python, &bootstrap);
    java::stories(&java, &bootstrap);
    java::members(&java, &kcat, &bootstrap);
    java::dumps_the_log(&java, &kafka.data_folder());
}
