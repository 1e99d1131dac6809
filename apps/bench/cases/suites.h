#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/bench/cases/case.h"

namespace ebb::bench {

/// "conv", "pool", ..., "step".
const std::vector<std::string>& family_names();
/// "resnet50", "unet", "deepbench", "bert".
const std::vector<std::string>& suite_names();

/// A few of each family, which take a CPU some minutes; of "step" training steps of small networks.
std::vector<Case> usual_cases();

/// `batch`: images or sequences; absent, what the suite usually has. An Error for a name that there is none of, and
/// where a batch is given to "deepbench", whose shapes have theirs.
///
/// resnet50: the layers of ResNet-50 on images of 224 x 224, in batches of 8. unet: those of U-Net with 64 channels on
/// one of 256 x 256. bert: BERT-base and BERT-large (Devlin et al., NAACL 2019) on a sequence of 384. deepbench: the
/// sizes of Baidu's DeepBench for training, products and convolutions.
std::vector<Case> suite_cases(const std::string& name, std::optional<std::int64_t> batch);

// What suites.cpp puts together.
std::vector<Case> deepbench_cases();
std::vector<Case> bert_cases(std::int64_t batch);
std::vector<Case> step_cases();

}  // namespace ebb::bench
