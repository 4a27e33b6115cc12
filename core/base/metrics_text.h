// The text form of figures: Prometheus text exposition format 0.0.4. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace wshub::base {

// [a-zA-Z_:][a-zA-Z0-9_:]*
bool is_metric_name(std::string_view name);

// Labels without braces: `plugin="rooms",kind="a \"b\""`, no name twice, in the values no control characters, and of
// escapes \\, \" and \n; or nothing. Whether values are UTF-8 is not looked at.
bool are_metric_labels(std::string_view labels);

// `name="value"`, whatever the value is: what a label cannot hold is shown as the log shows it.
std::string metric_label(std::string_view name, std::string_view value);

// The help's line may not end early.
std::string escape_metric_help(std::string_view help);

// As Go's ParseFloat reads it: the shortest that gives the same value again; NaN, +Inf, -Inf.
void append_metric_value(std::string& out, double value);

}  // namespace wshub::base
