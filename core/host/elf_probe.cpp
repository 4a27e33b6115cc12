#include "host/elf_probe.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace wshub::host {
namespace {

#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
#else
#error "which ELF machine is this?"
#endif

constexpr std::string_view kEntry = "wshub_plugin_entry_v1";

// A file of which nothing is believed.
class Bytes {
public:
    explicit Bytes(std::span<const std::byte> file) : file_(file) {}

    std::uint64_t size() const { return file_.size(); }
    bool has(std::uint64_t offset, std::uint64_t length) const { return offset <= size() && length <= size() - offset; }
    template <class T>
    std::optional<T> read(std::uint64_t offset) const {
        if (!has(offset, sizeof(T))) return std::nullopt;
        T value;
        std::memcpy(&value, file_.data() + offset, sizeof value);
        return value;
    }
    // Up to `most` bytes, ended by a NUL or the end of the file.
    std::string text(std::uint64_t offset, std::uint64_t most) const {
        if (!has(offset, 1)) return {};
        const char* const first = reinterpret_cast<const char*>(file_.data() + offset);
        return std::string(first, ::strnlen(first, std::min(most, size() - offset)));
    }
    std::span<const std::byte> slice(std::uint64_t offset, std::uint64_t length) const {
        return file_.subspan(offset, length);
    }

private:
    std::span<const std::byte> file_;
};

std::uint64_t round_up(std::uint64_t value, std::uint64_t step) {
    return (value + step - 1) / step * step;
}

class Probe {
public:
    explicit Probe(std::span<const std::byte> file) : file_(file) {}

    ElfFacts run() {
        read_header();
        read_segments();
        for (const Elf64_Phdr& segment : segments_) {
            if (segment.p_type == PT_NOTE) read_notes(segment);
            if (segment.p_type == PT_DYNAMIC) read_dynamic(segment);
        }
        read_symbols();
        return std::move(facts_);
    }

private:
    void read_header() {
        if (file_.size() == 0) throw PluginError("file is empty (still being written?)");
        const auto header = file_.read<Elf64_Ehdr>(0);
        if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
            throw PluginError("not a shared library (no ELF header)");
        }
        header_ = *header;
        if (header_.e_ident[EI_CLASS] != ELFCLASS64 || header_.e_ident[EI_DATA] != ELFDATA2LSB) {
            throw PluginError("wrong ELF class or byte order (64-bit little endian expected)");
        }
        if (header_.e_machine != kMachine) {
            throw PluginError("built for another processor (ELF machine " + std::to_string(header_.e_machine) +
                              ", this server is " + std::to_string(kMachine) + ")");
        }
        if (header_.e_type == ET_EXEC) throw PluginError("an executable, not a plugin");
        if (header_.e_type != ET_DYN) {
            throw PluginError("not a shared library (ELF type " + std::to_string(header_.e_type) + ")");
        }
    }

    void read_segments() {
        const std::uint64_t length = std::uint64_t{header_.e_phnum} * sizeof(Elf64_Phdr);
        if (header_.e_phentsize != sizeof(Elf64_Phdr) || length == 0 || !file_.has(header_.e_phoff, length)) {
            throw PluginError("truncated: program headers beyond the end of the file");
        }
        for (unsigned i = 0; i < header_.e_phnum; ++i) {
            segments_.push_back(*file_.read<Elf64_Phdr>(header_.e_phoff + i * sizeof(Elf64_Phdr)));
        }
        for (const Elf64_Phdr& segment : segments_) {
            if (segment.p_type == PT_INTERP) throw PluginError("an executable, not a plugin");
            const bool is_read = segment.p_type == PT_LOAD || segment.p_type == PT_DYNAMIC || segment.p_type == PT_NOTE;
            if (is_read && !file_.has(segment.p_offset, segment.p_filesz)) throw PluginError(truncated(segment));
        }
        // Section headers stand at the end of the file: what is missing there was cut off, or is not written yet.
        const std::uint64_t sections = std::uint64_t{header_.e_shnum} * header_.e_shentsize;
        if (header_.e_shnum != 0 && !file_.has(header_.e_shoff, sections)) {
            throw PluginError("truncated: section headers beyond the end of the file (still being written?)");
        }
    }

    std::string truncated(const Elf64_Phdr& segment) const {
        std::uint64_t end = 0;
        if (__builtin_add_overflow(segment.p_offset, segment.p_filesz, &end)) end = UINT64_MAX;
        return "truncated: a segment ends at byte " + std::to_string(end) + ", the file has " +
               std::to_string(file_.size());
    }

    // A note: size of the name, size of the content, type; then both, padded.
    void read_notes(const Elf64_Phdr& segment) {
        const std::uint64_t end = segment.p_offset + segment.p_filesz;
        const std::uint64_t padding = segment.p_align == 8 ? 8 : 4;
        std::uint64_t at = segment.p_offset;
        while (end - at >= sizeof(Elf64_Nhdr)) {
            const auto head = *file_.read<Elf64_Nhdr>(at);
            at += sizeof head;
            const std::uint64_t name_size = round_up(head.n_namesz, 4);
            if (name_size > end - at || head.n_descsz > end - at - name_size) return;
            const std::string name = file_.text(at, head.n_namesz);
            read_note(name, head.n_type, file_.slice(at + name_size, head.n_descsz));
            at += std::min(name_size + round_up(head.n_descsz, padding), end - at);
        }
    }

    void read_note(std::string_view name, std::uint32_t type, std::span<const std::byte> content) {
        if (name == WSHUB_NOTE_NAME && type == WSHUB_NOTE_TYPE) {
            // Up to here the layout can never change; it says what else is wrong.
            if (content.size() < offsetof(wshub_desc, flags)) throw PluginError("the wshub descriptor is too short");
            wshub_desc descriptor{};
            std::memcpy(&descriptor, content.data(), std::min(content.size(), sizeof descriptor));
            facts_.descriptor = descriptor;
        }
        if (name == "GNU" && type == NT_GNU_BUILD_ID) {
            constexpr std::string_view kHex = "0123456789abcdef";
            facts_.build_id.clear();
            for (const std::byte each : content) {
                facts_.build_id += kHex[std::to_integer<std::size_t>(each) >> 4];
                facts_.build_id += kHex[std::to_integer<std::size_t>(each) & 15];
            }
        }
    }

    void read_dynamic(const Elf64_Phdr& segment) {
        std::vector<std::uint64_t> needed;
        const std::uint64_t end = segment.p_offset + segment.p_filesz;
        for (std::uint64_t at = segment.p_offset; end - at >= sizeof(Elf64_Dyn); at += sizeof(Elf64_Dyn)) {
            const auto entry = *file_.read<Elf64_Dyn>(at);
            if (entry.d_tag == DT_NULL) break;
            switch (entry.d_tag) {
                case DT_NEEDED: needed.push_back(entry.d_un.d_val); break;
                case DT_STRTAB: strings_ = offset_of(entry.d_un.d_ptr); break;
                case DT_STRSZ: strings_size_ = entry.d_un.d_val; break;
                case DT_SYMTAB: symbols_ = offset_of(entry.d_un.d_ptr); break;
                case DT_GNU_HASH: gnu_hash_ = offset_of(entry.d_un.d_ptr); break;
                case DT_FLAGS: facts_.static_tls = (entry.d_un.d_val & DF_STATIC_TLS) != 0; break;
                default: break;
            }
        }
        for (const std::uint64_t index : needed) facts_.needed.push_back(string(index));
    }

    // Where an address of the loaded image lies in the file.
    std::optional<std::uint64_t> offset_of(std::uint64_t address) const {
        for (const Elf64_Phdr& segment : segments_) {
            if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
                address - segment.p_vaddr < segment.p_filesz) {
                return address - segment.p_vaddr + segment.p_offset;
            }
        }
        return std::nullopt;
    }

    std::string string(std::uint64_t index) const {
        if (!strings_ || index >= strings_size_ || !file_.has(*strings_, index)) return {};
        return file_.text(*strings_ + index, strings_size_ - index);
    }

    // Exported symbols are those that the hash table covers: from its first to the last one of any chain.
    void read_symbols() {
        if (!gnu_hash_ || !symbols_) return;
        const auto head = file_.read<std::array<std::uint32_t, 4>>(*gnu_hash_);
        if (!head) return;
        const auto [buckets, first, bloom, shift] = *head;
        const std::uint64_t bucket_at = *gnu_hash_ + sizeof *head + std::uint64_t{bloom} * 8;
        const std::uint64_t chain_at = bucket_at + std::uint64_t{buckets} * 4;
        std::uint32_t last = 0;
        for (std::uint32_t i = 0; i < buckets; ++i) {
            const auto start = file_.read<std::uint32_t>(bucket_at + std::uint64_t{i} * 4);
            if (!start) return;
            last = std::max(last, *start);
        }
        if (last < first) return;
        for (;; ++last) {
            const auto hash = file_.read<std::uint32_t>(chain_at + std::uint64_t{last - first} * 4);
            if (!hash) return;
            if (*hash & 1) break;
        }
        for (std::uint64_t i = first; i <= last; ++i) read_symbol(*symbols_ + i * sizeof(Elf64_Sym));
    }

    void read_symbol(std::uint64_t at) {
        const auto symbol = file_.read<Elf64_Sym>(at);
        if (!symbol || symbol->st_shndx == SHN_UNDEF) return;
        std::string name = string(symbol->st_name);
        if (name == kEntry) facts_.has_entry = true;
        if (ELF64_ST_BIND(symbol->st_info) == STB_GNU_UNIQUE) facts_.unique.push_back(name);
        facts_.exported.push_back(std::move(name));
    }

    Bytes file_;
    Elf64_Ehdr header_{};
    std::vector<Elf64_Phdr> segments_;
    std::optional<std::uint64_t> strings_, symbols_, gnu_hash_;  // offsets in the file
    std::uint64_t strings_size_ = 0;
    ElfFacts facts_;
};

}  // namespace

ElfFacts probe_elf(std::span<const std::byte> file) {
    return Probe(file).run();
}

}  // namespace wshub::host
