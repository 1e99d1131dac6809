#include "apps/bench/libraries/blas.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <dlfcn.h>

#include "ebb/autograd/ops/create/creation.h"

#include "apps/bench/libraries/onednn_library.h"

namespace ebb::bench {
namespace {

/// A shared library that stays open; null where the machine has none of the names.
void* opened(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (void* library = dlopen(name, RTLD_NOW | RTLD_LOCAL)) return library;
  }
  return nullptr;
}

template <class Function>
Function* function_of(void* library, const char* name) {
  return reinterpret_cast<Function*>(dlsym(library, name));
}

template <class T>
using Cblas = void(int order, int transposed_a, int transposed_b, int m, int n, int k, T alpha, const T* a, int lda,
                   const T* b, int ldb, T beta, T* y, int ldy);

/// The standard interface of C, with integers of 32 bits.
template <class T>
std::function<void(const MatrixProduct&)> cblas_product(void* library, const char* name) {
  auto* gemm = function_of<Cblas<T>>(library, name);
  if (gemm == nullptr) return {};
  return [gemm](const MatrixProduct& p) {
    constexpr int by_rows = 101, as_is = 111, transposed = 112;
    const int m = static_cast<int>(p.m), n = static_cast<int>(p.n), k = static_cast<int>(p.k);
    gemm(by_rows, p.transposed_a ? transposed : as_is, p.transposed_b ? transposed : as_is, m, n, k, T{1},
         static_cast<const T*>(p.a), p.transposed_a ? m : k, static_cast<const T*>(p.b), p.transposed_b ? k : n, T{0},
         static_cast<T*>(p.y), n);
  };
}

/// Calls what sets the number of threads, where the library has it.
void set_threads(void* library, const char* name, int threads) {
  if (auto* set = function_of<void(int)>(library, name)) set(threads);
}

Blas cblas(const char* name, void* library, std::string version) {
  return {name, std::move(version), cblas_product<float>(library, "cblas_sgemm"),
          cblas_product<double>(library, "cblas_dgemm")};
}

std::optional<Blas> openblas(int threads) {
  void* library = opened({"libopenblas.so.0", "libopenblas.so"});
  if (library == nullptr) return {};
  set_threads(library, "openblas_set_num_threads", threads);
  auto* config = function_of<char*()>(library, "openblas_get_config");
  return cblas("openblas", library, config != nullptr ? config() : "");
}

std::optional<Blas> mkl(int threads) {
  void* library = opened({"libmkl_rt.so.2", "libmkl_rt.so.1", "libmkl_rt.so"});
  if (library == nullptr) return {};
  set_threads(library, "MKL_Set_Num_Threads", threads);
  std::array<char, 200> version{};
  if (auto* get = function_of<void(char*, int)>(library, "mkl_get_version_string")) {
    get(version.data(), static_cast<int>(version.size()) - 1);
  }
  return cblas("mkl", library, version.data());
}

std::optional<Blas> blis(int threads) {
  void* library = opened({"libblis.so.4", "libblis.so"});
  if (library == nullptr) return {};
  if (auto* set = function_of<void(std::int64_t)>(library, "bli_thread_set_num_threads")) set(threads);
  auto* version = function_of<const char*()>(library, "bli_info_get_version_str");
  return cblas("blis", library, version != nullptr ? version() : "");
}

std::optional<Blas> onednn_sgemm(int threads) {
  const onednn::Library& library = onednn::installed_library();
  if (library.handle == nullptr) return {};
  set_threads(library.handle, "omp_set_num_threads", threads);
  using Gemm =
      int(char transposed_a, char transposed_b, std::int64_t m, std::int64_t n, std::int64_t k, float alpha,
          const float* a, std::int64_t lda, const float* b, std::int64_t ldb, float beta, float* y, std::int64_t ldy);
  auto* gemm = function_of<Gemm>(library.handle, "dnnl_sgemm");
  if (gemm == nullptr) return {};
  Blas blas{.name = "onednn", .version = library.version, .in_float32 = {}, .in_float64 = {}};
  blas.in_float32 = [gemm](const MatrixProduct& p) {
    const int status = gemm(p.transposed_a ? 'T' : 'N', p.transposed_b ? 'T' : 'N', p.m, p.n, p.k, 1,
                            static_cast<const float*>(p.a), p.transposed_a ? p.m : p.k, static_cast<const float*>(p.b),
                            p.transposed_b ? p.k : p.n, 0, static_cast<float*>(p.y), p.n);
    check(status == 0, "dnnl_sgemm returned ", status);
  };
  return blas;
}

/// Each matrix by a call of its own.
void multiply_all(const Blas& blas, const BatchedProduct& p, Tensor& y) {
  const auto& multiply = y.dtype() == kFloat64 ? blas.in_float64 : blas.in_float32;
  const auto size = static_cast<std::int64_t>(size_of(y.dtype()));
  for (std::int64_t i = 0; i < p.batch; ++i) {
    multiply({p.a.transposed, p.b.transposed, p.m, p.n, p.k, p.a.matrices.raw_data() + i * p.m * p.k * size,
              p.b.matrices.raw_data() + i * p.k * p.n * size, y.raw_data() + i * p.m * p.n * size});
  }
}

Tensor made(const Multiply& multiply, const BatchedProduct& product, const Shape& shape) {
  const Tensor& a = product.a.matrices;
  Tensor y = empty(shape, {.dtype = a.dtype(), .device = a.device()});
  multiply(product, y);
  return y;
}

}  // namespace

std::vector<Blas> installed_blas(int threads, const std::vector<std::string>& without) {
  using Find = std::optional<Blas> (*)(int);
  constexpr std::pair<const char*, Find> known[] = {
      {"openblas", openblas}, {"mkl", mkl}, {"blis", blis}, {"onednn", onednn_sgemm}};
  std::vector<Blas> found;
  for (const auto& [name, find] : known) {
    if (std::ranges::find(without, name) != without.end()) continue;
    if (auto blas = find(threads); blas && blas->in_float32) found.push_back(std::move(*blas));
  }
  return found;
}

std::vector<Tensor> run_product(const Multiply& multiply, const Product& p, const std::vector<Tensor>& inputs,
                                const Tensor& dy) {
  const Tensor &a = inputs[0], &b = inputs[1];
  const Factor left{a, p.a_by_columns}, right{b, p.b_by_columns};
  if (!dy.defined()) {
    const Shape shape = a.dim() == 2 ? Shape{p.m, p.n} : Shape{p.batch, p.m, p.n};
    return {made(multiply, {left, right, p.batch, p.m, p.n, p.k}, shape)};
  }
  // da = dy b^T and db = a^T dy; of a factor that lies by columns, the transposed of that.
  const Factor left_t{a, !p.a_by_columns}, right_t{b, !p.b_by_columns}, by_rows{dy, false}, by_columns{dy, true};
  const Tensor da = p.a_by_columns ? made(multiply, {right, by_columns, p.batch, p.k, p.m, p.n}, a.shape())
                                   : made(multiply, {by_rows, right_t, p.batch, p.m, p.k, p.n}, a.shape());
  const Tensor db = p.b_by_columns ? made(multiply, {by_columns, left, p.batch, p.n, p.k, p.m}, b.shape())
                                   : made(multiply, {left_t, by_rows, p.batch, p.k, p.n, p.m}, b.shape());
  return {da, db};
}

std::vector<Tensor> run_product(const Blas& blas, const Product& product, const std::vector<Tensor>& inputs,
                                const Tensor& dy) {
  return run_product([&blas](const BatchedProduct& p, Tensor& y) { multiply_all(blas, p, y); }, product, inputs, dy);
}

}  // namespace ebb::bench
