#include <cmath>
#include <fstream>
#include <sstream>

#include "ebb/autograd/ops.h"
#include "ebb/autograd/print.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"
#include "tests/support/tensors.h"

using namespace ebb;

/// What stands under the headings "=== ..." of a file.
static std::vector<std::string> recorded_forms() {
  std::ifstream file(test::data_path("printed_tensors.txt"));
  std::vector<std::string> forms;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("===")) {
      forms.emplace_back();
    } else if (!forms.empty()) {
      forms.back() += (forms.back().empty() ? "" : "\n") + line;
    }
  }
  return forms;
}

/// The tensors of that file, in its order.
static std::vector<Tensor> recorded_tensors() {
  const float inf = INFINITY;
  const Tensor trained = ones({2}, {.requires_grad = true});
  return {tensor({1.0, 2.5, -3.0}),
          tensor({{1, 2}, {3, 4}}),
          tensor({1e-8, 1.0, 1e8}),
          arange(2000.0).reshape({20, 100}),
          arange(5000),
          zeros({0, 3}),
          tensor({NAN, inf, 1.0f}),
          tensor({true, false}),
          ones({2, 2}, {.dtype = kFloat64}),
          full({1}, 1.5, {.dtype = kBFloat16}),
          trained,
          trained * 2,
          tensor({0.12345, 100.5}),
          tensor({1e6, 2.0}),
          full({3}, 1e-5),
          ones({1, 2, 3, 4})};
}

TEST_CASE("tensors print as PyTorch 2.15 prints them") {
  const auto forms = recorded_forms();
  const auto tensors = recorded_tensors();
  REQUIRE(forms.size() == tensors.size());
  for (std::size_t i = 0; i < forms.size(); ++i) CHECK(to_string(tensors[i]) == forms[i]);
}

TEST_CASE("scalars, empties and the undefined print") {
  CHECK(to_string(tensor(3.5)) == "tensor(3.5000)");
  CHECK(to_string(tensor(7)) == "tensor(7)");
  CHECK(to_string(zeros({0})) == "tensor([])");
  CHECK(to_string(zeros({0}, {.dtype = kInt64})) == "tensor([], dtype=torch.int64)");
  CHECK(to_string(Tensor()) == "tensor(undefined)");
  std::ostringstream out;
  out << tensor({1, 2});
  CHECK(out.str() == "tensor([1, 2])");
}
