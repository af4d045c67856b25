#include "archive/zip_archive.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include <stdexcept>

namespace clinikk {
namespace {

struct FreeWriter {
    void operator()(struct ::archive* writer) const noexcept { ::archive_write_free(writer); }
};
struct FreeEntry {
    void operator()(::archive_entry* entry) const noexcept { ::archive_entry_free(entry); }
};

class ZipArchive final : public Archive {
public:
    ZipArchive() : writer_(::archive_write_new()) {
        if (!writer_) throw std::bad_alloc();
        check(::archive_write_set_format_zip(writer_.get()));
        check(::archive_write_zip_set_compression_deflate(writer_.get()));
        check(::archive_write_set_bytes_in_last_block(writer_.get(), 1));  // no padding behind the end
        check(::archive_write_open(writer_.get(), this, nullptr, append, nullptr));
    }

    void begin_file(std::string_view name) override {
        std::unique_ptr<::archive_entry, FreeEntry> const entry(::archive_entry_new());
        if (!entry) throw std::bad_alloc();
        ::archive_entry_set_pathname(entry.get(), std::string(name).c_str());
        ::archive_entry_set_filetype(entry.get(), S_IFREG);
        ::archive_entry_set_perm(entry.get(), 0644);
        check(::archive_write_header(writer_.get(), entry.get()));
    }

    void write(std::string_view bytes) override {
        while (!bytes.empty()) {
            auto const written = ::archive_write_data(writer_.get(), bytes.data(), bytes.size());
            if (written <= 0) fail();
            bytes.remove_prefix(static_cast<std::size_t>(written));
        }
    }

    std::string finish() override {
        check(::archive_write_close(writer_.get()));
        return std::move(bytes_);
    }

private:
    static ::la_ssize_t append(struct ::archive*, void* self, void const* bytes, std::size_t size) {
        static_cast<ZipArchive*>(self)->bytes_.append(static_cast<char const*>(bytes), size);
        return static_cast<::la_ssize_t>(size);
    }

    void check(int status) const {
        if (status != ARCHIVE_OK) fail();
    }
    [[noreturn]] void fail() const {
        auto const* const reason = ::archive_error_string(writer_.get());
        throw std::runtime_error(std::string("ZIP: ") + (reason == nullptr ? "failed" : reason));
    }

    std::string bytes_;  // before the writer, whose destructor may write
    std::unique_ptr<struct ::archive, FreeWriter> writer_;
};

}  // namespace

std::unique_ptr<Archive> make_zip_archive() { return std::make_unique<ZipArchive>(); }

}  // namespace clinikk
