#include "app/package_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>

#include "base/described.hpp"
#include "base/file.hpp"
#include "base/sha256.hpp"
#include "media/packaging/dash.hpp"
#include "media/packaging/fast_start.hpp"
#include "media/packaging/hls.hpp"
#include "media/packaging/make_index.hpp"
#include "media/packaging/media_segment.hpp"
#include "media/packaging/presentation.hpp"
#include "media/sample_tables.hpp"

namespace clinikk::app {
namespace {

namespace fs = std::filesystem;
namespace packaging = media::packaging;

constexpr std::size_t window = std::size_t{1} << 20U;

[[noreturn]] void fail(std::string const& what, fs::path const& path) {
    throw std::system_error(errno, std::generic_category(), what + ' ' + path.string());
}

/// The file to package.
class SourceFile final : public media::RandomBytes {
public:
    explicit SourceFile(fs::path path)
        : path_(std::move(path)), file_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
        struct stat status{};
        if (!file_ || ::fstat(file_.get(), &status) != 0) fail("cannot read", path_);
        if (!S_ISREG(status.st_mode)) throw std::runtime_error(path_.string() + " is not a regular file");
        size_ = static_cast<std::uint64_t>(status.st_size);
    }

    std::uint64_t size() const noexcept { return size_; }

    void read_at(std::uint64_t offset, std::span<char> out) const override {
        std::ranges::fill(out.subspan(read_some(offset, out)), '\0');
    }

    /// Throws when the file ends before.
    std::string read(packaging::Run run) const {
        std::string bytes(run.length, '\0');
        if (read_some(run.offset, bytes) != bytes.size()) {
            throw std::runtime_error(path_.string() + " has become shorter");
        }
        return bytes;
    }

    Sha256Digest digest() const {
        Sha256 hash;
        for (std::uint64_t at = 0; at < size_; at += window) {
            hash.update(read({.offset = at, .length = std::min<std::uint64_t>(window, size_ - at)}));
        }
        return hash.finish();
    }

private:
    std::size_t read_some(std::uint64_t offset, std::span<char> out) const {
        std::size_t done = 0;
        while (done < out.size()) {
            auto const at = static_cast<off_t>(offset + done);
            auto const count = at < 0 ? 0 : ::pread(file_.get(), out.data() + done, out.size() - done, at);
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) fail("cannot read", path_);
            if (count == 0) break;
            done += static_cast<std::size_t>(count);
        }
        return done;
    }

    fs::path path_;
    FileDescriptor file_;
    std::uint64_t size_ = 0;
};

/// A file that is written from its beginning. Zeros become holes, as in the source perhaps.
class NewFile {
public:
    explicit NewFile(fs::path path) : path_(std::move(path)) {
        fs::create_directories(path_.parent_path());
        file_ = FileDescriptor(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
        if (!file_) fail("cannot write", path_);
    }

    void append(std::string_view bytes) {
        auto const end = position_ + bytes.size();
        bool const is_hole = bytes.starts_with('\0') && bytes.substr(1) == bytes.substr(0, bytes.size() - 1);
        while (!is_hole && position_ < end) {
            auto const count = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(position_));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) fail("cannot write", path_);
            bytes.remove_prefix(static_cast<std::size_t>(count));
            position_ += static_cast<std::uint64_t>(count);
        }
        position_ = end;
    }

    void append(SourceFile const& source, packaging::Run run) {
        for (; run.length > 0;) {
            packaging::Run const part{.offset = run.offset, .length = std::min<std::uint64_t>(window, run.length)};
            append(source.read(part));
            run.offset += part.length;
            run.length -= part.length;
        }
    }

    void finish() {
        if (::ftruncate(file_.get(), static_cast<off_t>(position_)) != 0) fail("cannot write", path_);
    }

private:
    fs::path path_;
    FileDescriptor file_;
    std::uint64_t position_ = 0;
};

void write_text(fs::path const& path, std::string_view text) {
    NewFile file(path);
    file.append(text);
    file.finish();
}

class Packager {
public:
    Packager(SourceFile const& source, packaging::PackagingIndex const& index, fs::path const& directory)
        : source_(source), index_(index), directory_(directory) {}

    void write_segments() const {
        for (std::size_t track = 0; track < index_.tracks().size(); ++track) write_track(track);
    }

    /// Returns the file's name; empty where the source cannot be rewritten.
    std::string write_file() const {
        if (!index_.fast_start()) return {};
        packaging::FastStartLayout const layout(*index_.fast_start(), index_.source_size());
        std::string name = packaging::present(index_).video ? "file.mp4" : "file.m4a";
        NewFile file(directory_ / name);
        for (auto const& piece : layout.pieces({.offset = 0, .length = layout.length()})) {
            if (piece.is_rewritten) {
                append_rewritten(file, layout, piece.source);
            } else {
                file.append(source_, piece.source);
            }
        }
        file.finish();
        return name;
    }

    void write_manifests() const {
        for (std::size_t i = 0; i < index_.tracks().size(); ++i) {
            auto const& track = index_.tracks()[i];
            auto const base = directory_ / "hls" / std::to_string(track.id);
            if (packaging::has_key_frame_playlist(track)) {
                write_text(base.string() + "-iframes.m3u8", packaging::key_frame_playlist(index_, i).value());
            }
            write_text(base.string() + ".m3u8", packaging::media_playlist(index_, i));
        }
        write_text(directory_ / "hls" / "master.m3u8", packaging::master_playlist(index_).value());
        write_text(directory_ / "dash" / "manifest.mpd", packaging::dash_manifest(index_));
    }

private:
    void write_track(std::size_t number) const {
        auto const& track = index_.tracks()[number];
        auto const folder = directory_ / "segments" / index_.digest() / std::to_string(track.id);
        write_text(folder / "init.mp4", track.init);
        std::size_t key_frames = 0;
        for (std::size_t i = 0; i < track.segments.size(); ++i) {
            write_segment(folder / (std::to_string(i + 1) + ".m4s"),
                          packaging::media_segment(index_, number, i).value());
            key_frames += track.segments[i].key_frames;
        }
        if (!packaging::has_key_frame_playlist(track)) return;
        for (std::size_t i = 0; i < key_frames; ++i) {
            auto const layout = packaging::key_frame_segment(index_, number, i).value();
            write_segment(folder / ('i' + std::to_string(i + 1) + ".m4s"), layout);
        }
    }

    void write_segment(fs::path const& path, packaging::SegmentLayout const& layout) const {
        NewFile file(path);
        file.append(layout.head);
        for (auto const& run : layout.runs) file.append(source_, run);
        file.finish();
    }

    void append_rewritten(NewFile& file, packaging::FastStartLayout const& layout, packaging::Run movie) const {
        for (; movie.length > 0;) {
            packaging::Run const part{.offset = movie.offset, .length = std::min<std::uint64_t>(window, movie.length)};
            file.append(layout.rewrite(part, source_.read(layout.to_read(part))));
            movie.offset += part.length;
            movie.length -= part.length;
        }
    }

    SourceFile const& source_;
    packaging::PackagingIndex const& index_;
    fs::path directory_;
};

void describe(packaging::PackagingIndex const& index) {
    std::cout << "packaging: ready\n";
    for (auto const& track : index.tracks()) {
        std::cout << "  track " << track.id << ": " << (track.kind == packaging::TrackKind::video ? "video " : "audio ")
                  << track.codec;
        if (!track.language.empty()) std::cout << ", " << track.language;
        std::cout << ", " << track.segments.size() << " segments, " << track.average_bit_rate / 1000 << " kbit/s\n";
    }
}

/// Fails before anything is read, so that nobody waits for nothing.
void make_directory(fs::path const& directory) {
    fs::create_directories(directory);
    if (!fs::is_empty(directory)) throw std::runtime_error(directory.string() + " is not empty");
}

}  // namespace

int package_file(fs::path const& file, fs::path const& directory) {
    SourceFile const source(file);
    auto const outcome = packaging::make_index(source, {.size = source.size(), .sha256 = source.digest()});
    if (auto const* needs = std::get_if<packaging::NeedsRendition>(&outcome)) {
        std::cerr << "packaging: needs_rendition (" << enumerator_name(needs->reason) << ")\n"
                  << needs->sentence << '\n';
        return 1;
    }
    make_directory(directory);
    auto const index = packaging::PackagingIndex::parse(std::get<packaging::BuiltIndex>(outcome).bytes).value();
    Packager const packager(source, *index, directory);
    packager.write_segments();
    auto const name = packager.write_file();
    packager.write_manifests();
    describe(*index);
    std::cout << "wrote " << (directory / "hls/master.m3u8").string() << '\n'
              << "wrote " << (directory / "dash/manifest.mpd").string() << '\n';
    if (!name.empty()) std::cout << "wrote " << (directory / name).string() << '\n';
    return 0;
}

}  // namespace clinikk::app
