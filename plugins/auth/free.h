// For what C libraries make and want back: std::unique_ptr<BIO, Free<BIO_free>>.
#pragma once

namespace auth {

template <auto free_function>
struct Free {
    template <class Object>
    void operator()(Object* object) const {
        free_function(object);
    }
};

}  // namespace auth
