#pragma once

namespace ebb::apps {

/// A standard stream that is closed would give its number to the next file, and what is printed would go there. Called
/// first of all.
void fill_closed_streams();

/// Writes out what was printed. Where that fails, it says so on stderr and returns another status; a reader that has
/// gone, as `head` does, is no failure.
int with_output_written(int status);

}  // namespace ebb::apps
