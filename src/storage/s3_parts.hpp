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

    /// The bytes that the digest of the whole object does not have yet.
    std::string_view unhashed() const noexcept { return bytes().substr(hashed_); }
    /// Says that the digest has the bytes that are here now.
    void set_hashed() noexcept { hashed_ = used_; }

private:
    MemoryBudget::Loan loan_;
    std::unique_ptr<char[]> bytes_;
    std::size_t capacity_;
    std::size_t used_ = 0;
    std::size_t hashed_ = 0;
};

/// Where a multipart upload of S3 gathers its parts.
struct MultipartUpload {
    std::string key{};
    std::string upload_id{};
};

/// Begins a multipart upload of an object with that key and label. Throws s3::Failure.
Task<MultipartUpload> s3_begin_multipart(s3::Client& client, ObjectLabel const& label);

/// Removes all parts of a multipart upload. It is not an error when there is no such upload.
Task<> s3_abort_multipart(s3::Client& client, MultipartUpload const& upload);

/// The parts of one multipart upload under way: hashed in order, then sent in parallel. All on one thread.
class MultipartSender : public std::enable_shared_from_this<MultipartSender> {
public:
    /// `hash`, if any, is fed with the bytes of the parts, in order. `sent_before`: the number of the last part that
    /// an earlier sender has sent.
    MultipartSender(S3WriteContext const& context, boost::asio::any_io_executor executor, MultipartUpload upload,
                    std::shared_ptr<Sha256> hash, int sent_before = 0);

    /// Takes the next part when the previous one has been hashed and few enough are under way. Throws the failure of an
    /// earlier part, after the others under way have ended: none may arrive later and replace a part of another sender.
    Task<> send(std::shared_ptr<PartBuffer const> part);
    /// Waits until all parts have been sent. Throws as `send`.
    Task<> finish();
    /// Waits for the parts under way, whatever becomes of them.
    Task<> stop();
    /// The parts that have been sent, in order and without a gap, and were not taken before.
    std::vector<s3::UploadedPart> take_sent();

private:
    Task<> hash_and_send(std::shared_ptr<PartBuffer const> part, std::size_t index);
    bool is_ready_for_more() const noexcept;
    void throw_failure() const;

    S3WriteContext context_;
    boost::asio::any_io_executor executor_;
    Wakeup wakeup_;
    MultipartUpload upload_;
    std::shared_ptr<Sha256> hash_;
    int sent_before_;
    std::size_t hashed_ = 0;
    std::size_t in_flight_ = 0;
    std::size_t taken_ = 0;
    std::vector<s3::UploadedPart> parts_;  ///< handed over; the ETag is empty until the part has been sent
    std::exception_ptr failure_;
};

}  // namespace clinikk
