// A JSON array of texts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wshub::hub {

// `json` is valid JSON without white space around it. Nothing if it is no array, or if something in it is no text.
std::optional<std::vector<std::string>> read_text_list(std::string_view json);

std::string write_text_list(const std::vector<std::string>& texts);

}  // namespace wshub::hub
