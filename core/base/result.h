// A value or the reason why there is none, for what peers get wrong: part of the day's work, never thrown.
#pragma once

#include <tl/expected.hpp>

namespace wshub::base {

template <class T, class E>
using Result = tl::expected<T, E>;

template <class E>
using Failure = tl::unexpected<E>;

}  // namespace wshub::base
