// A moving average as a buffer: saved with the model, moved with it, not trained. It is updated under NoGradGuard:
// otherwise every step would hang the whole history of the step before on it. A buffer refuses that, and says so.
#include <iostream>

#include <ebb/ebb.h>

using namespace ebb;

/// Subtracts the mean that the features had so far.
struct Centre : nn::Module {
  explicit Centre(std::int64_t features, double momentum = 0.1)
      : running_mean(this, "running_mean", zeros({features})), momentum(momentum) {}

  Tensor operator()(const Tensor& x) const {
    if (is_training()) {
      const NoGradGuard no_grad;
      running_mean->mul_(1 - momentum).add_(x.mean({0}), momentum);
    }
    return x - running_mean;
  }

  nn::Buffer running_mean;
  double momentum;
};

int main() {
  Centre centre(2);
  const Tensor x = full({4, 2}, 10.0, {.requires_grad = true});
  for (int step = 0; step < 3; ++step) centre(x);
  std::cout << "after three steps " << centre.running_mean.get() << "\n";
  centre.eval();
  centre(x);
  std::cout << "unchanged in eval " << centre.running_mean.get() << "\n";
  std::cout << "state dict: " << centre.state_dict().begin()->first << "; parameters: " << centre.parameters().size()
            << "\n";
  try {
    centre.running_mean = centre.running_mean.get() + x.mean({0});
  } catch (const Error& error) {
    std::cout << "without the guard: " << error.what() << "\n";
  }
}

// clang-format off
/* Prints:
after three steps tensor([2.7100, 2.7100])
unchanged in eval tensor([2.7100, 2.7100])
state dict: running_mean; parameters: 0
without the guard: a buffer must not have a history: assign x.detach()
*/
