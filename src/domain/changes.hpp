#pragma once

#include <bitset>

#include "base/described.hpp"

namespace clinikk {

/// Changes to the described struct `T`, as a JSON merge patch makes them (RFC 7396): a member that is not set stays as
/// it is; an optional member that is set to nothing is cleared.
template <DescribedStruct T>
class Changes {
public:
    /// Sets the member in the place `index` of the description.
    template <std::size_t Index, class Value>
    Changes& set(Value&& value) {
        using Descriptor = boost::mp11::mp_at_c<MembersOf<T>, Index>;
        values_.*Descriptor::pointer = std::forward<Value>(value);
        is_set_.set(Index);
        return *this;
    }

    /// Sets a member by its pointer, for callers who know it: `changes.set(&ContentDescription::title, "Breathing")`.
    template <class Member, class Value>
    Changes& set(Member T::* pointer, Value&& value) {
        values_.*pointer = std::forward<Value>(value);
        is_set_.set(place(pointer));
        return *this;
    }

    /// The new value of a member; null when it stays.
    template <class Member>
    Member const* find(Member T::* pointer) const noexcept {
        return is_set_.test(place(pointer)) ? &(values_.*pointer) : nullptr;
    }

    /// The new values; those of members that are not set mean nothing.
    T const& values() const noexcept { return values_; }

    /// Whether the member in the place `index` of the description is set.
    bool is_set(std::size_t index) const noexcept { return is_set_.test(index); }

private:
    template <class Member>
    static std::size_t place(Member T::* pointer) noexcept {
        std::size_t found = 0;
        std::size_t index = 0;
        for_each_member<T>([&](auto descriptor) {
            if constexpr (std::is_same_v<decltype(descriptor.pointer), Member T::* const>) {
                if (descriptor.pointer == pointer) found = index;
            }
            ++index;
        });
        return found;
    }

    T values_{};
    std::bitset<member_count<T>> is_set_{};
};

}  // namespace clinikk
