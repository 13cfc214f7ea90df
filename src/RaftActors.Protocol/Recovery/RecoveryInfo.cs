using System.Collections.Immutable;

namespace RaftActors.Protocol;

/// <summary>What a membership remembers of the last forced recovery, so that every member can tell those that it left out.</summary>
/// <param name="Generation">What it began.</param>
/// <param name="Since">The term of its first entry. An older history may have entries of that term too; who has one does not follow.</param>
/// <param name="Base">The last entry that it took over; what others have behind it does not count.</param>
/// <param name="Excluded">The members that did not survive. They may come back as new ones only, with empty disks.</param>
public sealed record RecoveryInfo(Generation Generation, Term Since, EntryId Base, ImmutableArray<Member> Excluded)
{
    /// <inheritdoc/>
    public bool Equals(RecoveryInfo? other) =>
        other is not null && Generation == other.Generation && Since == other.Since && Base == other.Base && Excluded.AsSpan().SequenceEqual(other.Excluded.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Generation, Since, Base);

    /// <summary>The same without those that are members again.</summary>
    internal RecoveryInfo Without(ImmutableArray<Member> members) => this with { Excluded = [.. Excluded.Where(e => members.All(m => m.Id != e.Id))] };
}
