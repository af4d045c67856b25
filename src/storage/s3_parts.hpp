#pragma once

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/async/wakeup.hpp"
#include "base/sha256.hpp"
#include "storage/s3_object_write.hpp"

namespace clinikk {

/// The memory of one part, on loan.
class PartBuffer {
public:
    PartBuffer(MemoryBudget::Loan loan, std::size_t capacity)
        : loan_(std::move(loan)), bytes_(std::make_unique_for_overwrite<char[]>(capacity)), capacity_(capacity) {}

    /// Takes as much as there is room for. Returns how much.
    std::size_t fill(std::string_view bytes);
    bool is_full() const noexcept { return used_ == capacity_; }
    std::string_view bytes() const noexcept { return {bytes_.get(), used_}; }

private:
    MemoryBudget::Loan loan_;
    std::unique_ptr<char[]> bytes_;
    std::size_t capacity_;
    std::size_t used_ = 0;
};

/// The parts of one multipart upload under way: hashed in order, then sent in parallel. All on one thread.
class MultipartSender : public std::enable_shared_from_this<MultipartSender> {
public:
    MultipartSender(S3WriteContext const& context, boost::asio::any_io_executor executor, ObjectLabel label);

    /// The key and the label of the future object.
    ObjectLabel const& label() const noexcept { return label_; }

    /// Begins the multipart upload. Throws s3::Failure.
    Task<> begin();
    /// Takes the next part when the previous one has been hashed and few enough are under way. Throws the failure of an
    /// earlier part.
    Task<> send(std::shared_ptr<PartBuffer const> part);
    /// Waits until all parts have been sent. Throws the failure of a part. The digest is of all bytes. Call it once.
    Task<Sha256Digest> finish();
    /// Joins the parts to the object.
    Task<> complete(std::uint64_t size);
    /// Waits for the parts under way, then removes all parts. Throws s3::Failure.
    Task<> abort();

private:
    Task<> hash_and_send(std::shared_ptr<PartBuffer const> part, int number);
    void throw_failure() const;

    S3WriteContext context_;
    boost::asio::any_io_executor executor_;
    Wakeup wakeup_;
    ObjectLabel label_;
    std::string upload_id_;
    Sha256 hash_;
    int handed_over_ = 0;
    int hashed_ = 0;
    std::size_t in_flight_ = 0;
    std::vector<s3::UploadedPart> uploaded_;
    std::exception_ptr failure_;
};

}  // namespace clinikk
