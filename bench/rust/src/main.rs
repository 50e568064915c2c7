//! `savedmodel-bench MODEL {CASE SIGNATURE}`: calls signatures of a SavedModel with the crate `tensorflow`, as its examples do, with
//! TensorFlow's default options, and takes the time of each call. What is fed is ones; shapes must be fixed, and dtypes float32.
//!
//! Prints {"ready":true}, then answers every line "CASE CALLS" of its standard input with one line of nanoseconds per call.

use std::error::Error;
use std::io::{self, BufRead, Write};
use std::time::Instant;
use tensorflow::{Graph, Operation, SavedModelBundle, SessionOptions, SessionRunArgs, Tensor};

/// A signature with its operations, looked up once.
struct Case {
    name: String,
    inputs: Vec<(Operation, i32, Vec<u64>)>,
    outputs: Vec<(Operation, i32)>,
}

fn prepare(name: &str, signature: &str, bundle: &SavedModelBundle, graph: &Graph) -> Result<Case, Box<dyn Error>> {
    let signature = bundle.meta_graph_def().get_signature(signature)?;
    let mut inputs = Vec::new();
    for info in signature.inputs().values() {
        let sizes: Option<Vec<Option<i64>>> = info.shape().clone().into();
        let sizes = sizes.ok_or("an input of unknown rank")?;
        let dims = sizes.iter().map(|size| size.map(|size| size as u64).ok_or("an unknown dimension"));
        let name = info.name();
        let operation = graph.operation_by_name_required(&name.name)?;
        inputs.push((operation, name.index, dims.collect::<Result<_, _>>()?));
    }
    let mut outputs = Vec::new();
    for info in signature.outputs().values() {
        let name = info.name();
        outputs.push((graph.operation_by_name_required(&name.name)?, name.index));
    }
    Ok(Case { name: name.to_string(), inputs, outputs })
}

/// One call: makes the input tensors, runs the signature, and copies the results out.
fn call(case: &Case, bundle: &SavedModelBundle) -> Result<Vec<f32>, Box<dyn Error>> {
    let mut tensors = Vec::with_capacity(case.inputs.len());
    for (_, _, dims) in &case.inputs {
        let count = dims.iter().product::<u64>() as usize;
        tensors.push(Tensor::<f32>::new(dims).with_values(&vec![1.0; count])?);
    }
    let mut arguments = SessionRunArgs::new();
    for ((operation, index, _), tensor) in case.inputs.iter().zip(&tensors) {
        arguments.add_feed(operation, *index, tensor);
    }
    let tokens: Vec<_> = case.outputs.iter().map(|(operation, index)| arguments.request_fetch(operation, *index)).collect();
    bundle.session.run(&mut arguments)?;
    let mut values = Vec::new();
    for token in tokens {
        values.extend_from_slice(&arguments.fetch::<f32>(token)?);
    }
    Ok(values)
}

fn measure(case: &Case, bundle: &SavedModelBundle, calls: usize) -> Result<(u128, u128), Box<dyn Error>> {
    let mut samples = Vec::with_capacity(calls);
    let mut before = Instant::now();
    for _ in 0..calls {
        std::hint::black_box(call(case, bundle)?);
        let after = Instant::now();
        samples.push((after - before).as_nanos());
        before = after;
    }
    samples.sort_unstable();
    Ok((samples[(calls - 1) / 2], samples[(calls * 99).div_ceil(100) - 1]))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (directory, names) = arguments.split_first().ok_or("usage: savedmodel-bench MODEL {CASE SIGNATURE}")?;
    let mut graph = Graph::new();
    let bundle = SavedModelBundle::load(&SessionOptions::new(), ["serve"], &mut graph, directory)?;
    let mut cases = Vec::new();
    for pair in names.chunks_exact(2) {
        cases.push(prepare(&pair[0], &pair[1], &bundle, &graph)?);
    }
    println!("{{\"ready\":true}}");
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (name, calls) = line.split_once(' ').ok_or("unknown command")?;
        let case = cases.iter().find(|case| case.name == name).ok_or("unknown case")?;
        let (median, p99) = measure(case, &bundle, calls.parse()?)?;
        println!("{{\"median\":{median},\"p99\":{p99}}}");
        io::stdout().flush()?;
    }
    // Nothing is left to be given back, and the library's own shutdown is not what is measured.
    std::process::exit(0)
}
