#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ebb/core/dtype/dtype.h"

#include "apps/bench/measure/ceilings.h"
#include "apps/bench/measure/statistics.h"
#include "apps/bench/measure/work.h"

namespace ebb::bench {

/// The times of a contestant in one state of the caches, in seconds.
struct Timing {
  Rounds rounds = {};  ///< samples that count
  long outliers = 0;   ///< that do not
  double median = 0, p10 = 0, p90 = 0;
  Interval interval = {};  ///< of the median, 95 %
  Ratio ratio = {};        ///< time of the best of the others over one's own: above 1, this is faster; 0 without others
};

struct Entry {
  std::string name;
  bool is_own = true, is_external = false, is_chosen = false;  ///< as of Contestant
  std::string refusal;                                         ///< empty where it was timed
  std::string plan = {};                                       ///< engines or algorithms, of those that have several
  double error = 0;                                            ///< relative, against the reference
  long throttled = 0;                                          ///< samples that do not count, cold and hot
  double clock = 0;  ///< around those that count: the median, as a share of the best seen; 0 where it was not read
  Timing cold = {}, hot = {};

  bool is_wrong() const { return refusal.starts_with("wrong"); }
  bool was_timed() const { return refusal.empty() && cold.median > 0 && hot.median > 0; }
};

/// What was measured of one pass of one case.
struct Row {
  std::string family, op, sizes, pass, layout;  ///< layout: "nhwc" or "nchw" of images; else empty
  DType dtype = kFloat32;
  int layers = 0;  ///< of the model that call it
  Work work;
  std::string reference = {};
  double tolerance = 0;
  std::vector<Entry> entries = {};

  std::string name() const;  ///< "conv2d 8x64x56x56 w64x64x3x3 s1 p1 forward nhwc": no other row of a result has it
};

struct Result {
  std::string date, device, math;
  int threads = 0;
  std::uint64_t seed = 0;
  int rounds = 0, samples = 0;
  DType dtype = kFloat32;
  Ceilings ceilings = {};
  double best_megahertz = 0;  ///< the best clock seen of a GPU; 0 of a CPU, of which only shares are known
  std::vector<std::pair<std::string, std::string>> libraries = {};  ///< names and versions
  std::vector<Row> rows = {};
};

/// Of float32, float64, float16 and bfloat16, in which operations are measured.
std::optional<DType> dtype_named(const std::string& name);

/// Fills in what follows from the samples: outliers, medians, intervals, ratios.
void evaluate(Row& row, std::uint64_t seed);

/// How an implementation has done over all rows in which it had others beside it, cold.
struct Record {
  std::string name;
  int wins = 0, losses = 0, ties = 0;  ///< tie: within 2 %, or 1 lies in the interval
  double mean_ratio = 0;               ///< geometric
  double worst_ratio = 0;
  std::string worst_row = {};
};
std::vector<Record> records_of(const std::vector<Row>& rows);
/// The same of the fastest of ebb's own kernels against the fastest of all others: Eigen, cuDNN, cuBLAS, libraries
/// beside. Without rows that have both: no wins, losses or ties.
Record own_record_of(const std::vector<Row>& rows, std::uint64_t seed);

/// Samples that do not count for cores were slow or shared, and all. Where they are most, nothing that follows from the
/// others is to be believed.
struct Noise {
  long throttled = 0, samples = 0;
  bool is_most() const { return 2 * throttled > samples; }
};
Noise noise_of(const std::vector<Row>& rows);

/// How good the library's own choice among its implementations was: the time of the chosen over that of the fastest.
struct ChoiceRecord {
  int choices = 0, best = 0;  ///< best: no other was faster by more than 2 %
  double worst = 1;
  std::string worst_row = {}, better = {};  ///< and what would have been better there
};
ChoiceRecord choices_of(const std::vector<Row>& rows);

}  // namespace ebb::bench
