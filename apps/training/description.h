#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ebb/core/value/state_dict.h"

#include "apps/training/task.h"

namespace ebb::apps {

/// What a model was trained for, as it is noted with its weights.
struct Description {
  std::vector<std::string> classes;     ///< their names, or their numbers where they have none
  std::int64_t image_size = 0;          ///< height and width of the net's input; 0 where any goes
  std::vector<double> mean, deviation;  ///< of each channel, that the input is normalised by; empty for none
};

Description describe(const Task& task, const Split& split);

/// Beside the tensors, where PyTorch does not mind them.
void note(const Description& description, StateDict& weights);
/// What `note` wrote; empty fields where nothing is noted.
Description noted_in(const StateDict& weights);

/// An Error that names the classes that only one side has. `data` and `other` say whose they are.
void check_same_classes(const std::vector<std::string>& classes, const std::string& data,
                        const std::vector<std::string>& others, const std::string& other);

}  // namespace ebb::apps
