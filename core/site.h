#pragma once

#include <string>

namespace ebb {

/// A line of the program that uses ebb. Ops take one as their last, defaulted argument, so that graphs and errors
/// can name the caller's line. (std::source_location, which clang 14 lacks.)
struct Site {
  const char* file = "";
  int line = 0;

  constexpr Site() = default;  // no aggregate: the {0, 1} of squeeze(x, {0, 1}) is none
  static constexpr Site current(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    Site site;
    site.file = file;
    site.line = line;
    return site;
  }
};

/// "unet.cpp:41", without the folders; empty for a default Site.
std::string to_string(Site site);

/// Whether a file is one of ebb's own sources or headers, whose lines say nothing to who uses it.
bool is_of_ebb(const char* file);

class OpTimes;

/// Names the op that runs, for the errors thrown in it and for the graph nodes it makes. Ops nest (cross_entropy
/// calls log_softmax), and so do modules: the site is the innermost one outside of ebb.
class OpScope {
 public:
  OpScope(const char* name, Site site) : name_(name), site_(site), outer_(current_) {
    current_ = this;
    if (times_ != nullptr) [[unlikely]] {
      begin_time();
    }
  }
  explicit OpScope(Site site) : OpScope("", site) {}  ///< a call that is no op itself: only the line counts
  ~OpScope() {
    current_ = outer_;
    if (times_ != nullptr) [[unlikely]] {
      end_time();
    }
  }
  OpScope(const OpScope&) = delete;
  OpScope& operator=(const OpScope&) = delete;

  /// On a worker thread, for as long as it lives: what is done belongs to an op of the thread that waits for it.
  class Lent {
   public:
    explicit Lent(const OpScope* innermost);
    ~Lent();
    Lent(const Lent&) = delete;
    Lent& operator=(const Lent&) = delete;
  };
  static const OpScope* innermost() { return current_; }

  /// The innermost op; "" outside of any.
  static const char* name() { return current_ != nullptr ? current_->name_ : ""; }
  static const char* outermost();  ///< the op that the user called, where name() may be one that it is made of
  static Site site();              ///< where that was
  static std::string path();       ///< "cross_entropy > log_softmax", or one name

 private:
  friend class OpTimes;

  void begin_time() const;
  static void end_time();

  static constinit thread_local const OpScope* current_;
  static constinit thread_local OpTimes* times_;

  const char* name_;
  Site site_;
  const OpScope* outer_;
};

}  // namespace ebb
