// "Did you mean": the known word that a misspelt one is nearest to. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wshub::server {

// Inserting, dropping or changing a character, and swapping two neighbours, each count one (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `word` (the first of equals), empty if all are too far off to be meant.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace wshub::server
