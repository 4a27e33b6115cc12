// JSON for plugins: views that read values where they stand in a text, without building anything, and builders that
// write text. What is only passed along travels as its raw text and arrives as it was sent.
#pragma once

#include "json_view.h"
#include "json_write.h"
