namespace RaftActors.Protocol;

/// <summary>One session: when it was last used, and which of its commands are done.</summary>
internal sealed class ClientSession(ulong id, TimeSpan timeout, int maxResults, int maxResultBytes)
{
    public ulong Id { get; } = id;

    public TimeSpan Timeout { get; } = timeout;

    public int MaxResults { get; } = maxResults;

    public int MaxResultBytes { get; } = maxResultBytes;

    /// <summary>The last entry that used it: decides who goes when there are too many.</summary>
    public LogIndex LastUse { get; set; }

    /// <summary>When that was, as far as the log has told the time.</summary>
    public TimeSpan ActiveAt { get; set; }

    /// <summary>Used since the log last told the time. The use counts as of the next time that it does: never too early for the client.</summary>
    public bool IsFresh { get; set; }

    /// <summary>Serials below this that are not among the results are refused.</summary>
    public ulong Floor { get; set; } = 1;

    public SortedList<ulong, RememberedResult> Results { get; } = [];

    /// <summary>Bytes of the results.</summary>
    public long Bytes { get; set; }

    public TimeSpan ExpiresAt => ActiveAt + Timeout;

    /// <summary>Remembers that a command is applied now; the lowest serial makes room, be it this one.</summary>
    public RememberedResult Add(ulong serial, EntryId entry)
    {
        RememberedResult result = new(this, serial, entry);
        Results.Add(serial, result);
        while (Results.Count > MaxResults)
        {
            RememberedResult lowest = Results.GetValueAtIndex(0);
            Results.RemoveAt(0);
            Bytes -= lowest.Result.Length;
#if RAFT_MUTANTS
            if (Mutants.Active == Mutant.OldSerialsAreForgotten)
            {
                continue;
            }
#endif
            Floor = lowest.Serial + 1;
        }

        return result;
    }

    /// <summary>The result of a command that is still remembered. Which of them are forgotten depends on serials only, so it is the same however the entries were grouped.</summary>
    public void Keep(RememberedResult result, ReadOnlyMemory<byte> bytes)
    {
        if (!Results.TryGetValue(result.Serial, out RememberedResult? known) || !ReferenceEquals(known, result))
        {
            return;
        }

        if (bytes.Length > MaxResultBytes)
        {
            result.IsForgotten = true;
            return;
        }

        result.Result = bytes.ToArray();
        Bytes += bytes.Length;
        for (int i = 0; Bytes > MaxResultBytes; i++)
        {
            RememberedResult lowest = Results.GetValueAtIndex(i);
            if (!lowest.Result.IsEmpty)
            {
                Bytes -= lowest.Result.Length;
                lowest.Result = default;
                lowest.IsForgotten = true;
            }
        }
    }
}
