#include "net/stream.h"

#include <utility>

namespace wshub::net {

void Stream::finish(std::unique_ptr<Stream> stream, std::string last) {
    Stream& going = *stream;
    going.finish_self(std::move(stream), std::move(last));
}

}  // namespace wshub::net
