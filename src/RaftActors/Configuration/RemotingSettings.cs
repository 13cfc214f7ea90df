using Akka.Configuration;

namespace RaftActors.Configuration;

/// <summary>The section <c>raft-actors.remoting</c>, checked. The text of reference.conf says what each setting trades.</summary>
public sealed class RemotingSettings
{
    // A fragment must carry something besides its headers.
    private const int LeastFrame = 1024;

    private readonly string _section;

    internal RemotingSettings(Config config, string section)
    {
        _section = section;
        SettingsReader read = new(config, section);
        Transport = read.Text("transport");
        MaxFrameBytes = (int)read.Size("max-frame-bytes", 0, int.MaxValue);
        if (MaxFrameBytes is > 0 and < LeastFrame)
        {
            throw read.Bad("max-frame-bytes", $"must be 0 (derived from Akka.Remote) or at least {LeastFrame} bytes");
        }

        MaxMessageBytes = (int)read.Size("max-message-bytes", LeastFrame, int.MaxValue);
        MaxUnfinishedMessages = read.Count("max-unfinished-messages");
        FragmentsInFlight = read.Count("fragments-in-flight");
        UnreachablePause = read.Duration("unreachable-pause");
        LogInterval = read.Duration("log-interval");
    }

    /// <summary><c>transport</c>.</summary>
    public string Transport { get; }

    /// <summary><c>max-frame-bytes</c>; 0 to let the transport say.</summary>
    public int MaxFrameBytes { get; }

    /// <summary><c>max-message-bytes</c>.</summary>
    public int MaxMessageBytes { get; }

    /// <summary><c>max-unfinished-messages</c>.</summary>
    public int MaxUnfinishedMessages { get; }

    /// <summary><c>fragments-in-flight</c>.</summary>
    public int FragmentsInFlight { get; }

    /// <summary><c>unreachable-pause</c>.</summary>
    public TimeSpan UnreachablePause { get; }

    /// <summary><c>log-interval</c>.</summary>
    public TimeSpan LogInterval { get; }

    /// <summary>A stream's largest message must fit into what a peer is willing to put together.</summary>
    internal void CheckFits(StreamSettings stream, string streamSection)
    {
        if (stream.LargestMessage > MaxMessageBytes)
        {
            throw new RaftConfigurationException(
                $"{_section}.max-message-bytes",
                MaxMessageBytes.ToString(System.Globalization.CultureInfo.InvariantCulture),
                $"must be at least {stream.LargestMessage} bytes, because {streamSection} allows entries of {stream.MaxEntrySize}, batches of {stream.MaxBatchBytes} and messages of {stream.MaxAppendBytes} bytes");
        }
    }
}
