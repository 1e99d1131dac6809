#include "apps/bench/arguments.h"

#include <limits>

#include <CLI/CLI.hpp>

#include "apps/options/numbers.h"

namespace ebb::bench {
namespace {

using apps::positive_number, apps::whole_number;

void add_what(CLI::App& command, BenchArguments& bench) {
  command.add_option("families", bench.families,
                     "conv, pool, bmm, norm, softmax, reduce, elementwise, step; all where none is named");
  command.add_option("--suite", bench.suite, "shapes of resnet50, unet, deepbench or bert");
  command.add_option("--model", bench.model, "shapes of your model: a file of weights, or a model's name")
      ->option_text("FILE.pth");
  command.add_option("--input", bench.input, "of the model: sizes such as 8,3,224,224");
  command.add_option("--batch", bench.batch, "of a suite: images or sequences")->transform(whole_number(1));
  command.add_option("--pass", bench.passes, "only these: forward, backward, backward_input, backward_weight");
  command.add_option("--only", bench.only, "only cases whose names begin so, such as \"conv2d 8x64\"");
  command
      .add_option("--most-gflop", bench.most_gflop, "leaves out cases of more operations; on the CPU 30 where absent")
      ->check(positive_number());
}

void add_how(CLI::App& command, BenchArguments& bench) {
  command.add_option("--device", bench.device,
                     "cpu, cuda or cuda:1, the second GPU; by default the first where there is one");
  command.add_option("--dtype", bench.dtype, "float32, float64, float16 or bfloat16")->capture_default_str();
  command.add_option("--layout", bench.layout, "of images: nhwc or nchw")->capture_default_str();
  command.add_flag("--tf32", bench.tf32, "lets cuDNN and cuBLAS round float32 to TF32");
  command.add_flag("--tune", bench.tune, "on a GPU: cuDNN's fastest engine, too, beside its first choice");
  command.add_option("--without", bench.without, "contestants to leave out, such as plain or openblas");
  command.add_option("--rounds", bench.rounds, "in each of which everyone takes a turn")
      ->transform(whole_number(1, 1000))
      ->capture_default_str();
  command.add_option("--samples", bench.samples, "in a turn, at most, cold and hot each")
      ->transform(whole_number(1, 1000))
      ->capture_default_str();
  command.add_option("--seconds", bench.seconds, "after which a turn ends")
      ->check(positive_number())
      ->capture_default_str();
  command.add_option("--seed", bench.seed, "of the inputs, the order of turns and the bootstrap")
      ->transform(whole_number(0, std::numeric_limits<std::uint64_t>::max()))
      ->capture_default_str();
  command.add_option("--ceilings", bench.ceilings, "TFLOP/s,GB/s, such as 0.2,25: taken in place of measuring them");
}

void add_output(CLI::App& command, BenchArguments& bench) {
  command.add_option("--json", bench.json_file, "a file for all samples and what follows from them");
  command.add_option("--csv", bench.csv_file, "a file with a line for each contestant");
  command.add_option("--plot", bench.plot_file, "an SVG file: roofline and ratios");
  command.add_flag("--plans", bench.plans, "only say what each pass could be computed by, and why not");
  command.add_option("--gpu", bench.gpu, "with --plans: cuDNN's plans of convolutions for a GPU that a file describes")
      ->option_text("FILE.json");
}

}  // namespace

BenchCommands add_bench(CLI::App& app, BenchArguments& bench, CompareArguments& compare, int& threads) {
  CLI::App* command = app.add_subcommand(
      "bench", "time the implementations of each operation beside each other, and beside other libraries");
  add_what(*command, bench);
  add_how(*command, bench);
  add_output(*command, bench);
  command->add_option("--threads", threads, "CPU threads of everyone; as many as there are cores by default")
      ->transform(whole_number(1, 4096));
  CLI::App* gate = command->add_subcommand(
      "compare", "compare two files of `ebb bench --json`; the exit status is 1 where something has become slower");
  gate->add_option("before", compare.before, "a file")->required()->check(CLI::ExistingFile);
  gate->add_option("after", compare.after, "a later one")->required()->check(CLI::ExistingFile);
  gate->add_option("--tolerance", compare.tolerance, "what does not count: 0.05 is 5 %")
      ->check(apps::number_from_0())
      ->capture_default_str();
  gate->add_flag("--all", compare.all, "shows what is alike, too");
  return {command, gate};
}

}  // namespace ebb::bench
