namespace RaftActors.Protocol;

/// <summary>
/// Options of a running member that may be changed at any time, because no promise to a peer or a client rests on them. What is null stays as it is.
/// </summary>
public sealed record RaftTuning
{
    /// <summary>Nothing is changed.</summary>
    public static RaftTuning None { get; } = new();

    /// <summary><see cref="RaftOptions.ManualElection"/>.</summary>
    public bool? ManualElection { get; init; }

    /// <summary><see cref="RaftOptions.PrioritySwitchAfter"/>; zero: never.</summary>
    public TimeSpan? PrioritySwitchAfter { get; init; }

    /// <summary><see cref="RaftOptions.PaceLagEntries"/>; 0: no bound.</summary>
    public int? PaceLagEntries { get; init; }

    /// <summary><see cref="RaftOptions.PaceLagBytes"/>; 0: no bound.</summary>
    public long? PaceLagBytes { get; init; }

    /// <summary><see cref="RaftOptions.PaceApplyTime"/>; zero: no bound.</summary>
    public TimeSpan? PaceApplyTime { get; init; }

    /// <summary><see cref="RaftOptions.FullConsensus"/>.</summary>
    public bool? FullConsensus { get; init; }

    /// <summary>This change after <paramref name="earlier"/> ones.</summary>
    /// <param name="earlier">What was changed before.</param>
    public RaftTuning After(RaftTuning earlier) => new()
    {
        ManualElection = ManualElection ?? earlier.ManualElection,
        PrioritySwitchAfter = PrioritySwitchAfter ?? earlier.PrioritySwitchAfter,
        PaceLagEntries = PaceLagEntries ?? earlier.PaceLagEntries,
        PaceLagBytes = PaceLagBytes ?? earlier.PaceLagBytes,
        PaceApplyTime = PaceApplyTime ?? earlier.PaceApplyTime,
        FullConsensus = FullConsensus ?? earlier.FullConsensus,
    };

    /// <summary>Options with this change.</summary>
    /// <param name="options">The options.</param>
    /// <exception cref="ArgumentException">A value is impossible.</exception>
    public RaftOptions ApplyTo(RaftOptions options)
    {
        RaftOptions tuned = options with
        {
            ManualElection = ManualElection ?? options.ManualElection,
            PrioritySwitchAfter = PrioritySwitchAfter ?? options.PrioritySwitchAfter,
            PaceLagEntries = PaceLagEntries ?? options.PaceLagEntries,
            PaceLagBytes = PaceLagBytes ?? options.PaceLagBytes,
            PaceApplyTime = PaceApplyTime ?? options.PaceApplyTime,
            FullConsensus = FullConsensus ?? options.FullConsensus,
        };
        tuned.Validate();
        return tuned;
    }
}
