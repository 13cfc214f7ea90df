using Akka.Configuration;
using Akka.Dispatch;

namespace RaftActors.Dispatch;

/// <summary>
/// Runs the actors of consensus (<c>raft-actors.dispatchers.consensus</c>): what one of them tells another runs next on the same thread, so a message passes through all of them without
/// waking a thread in between. Waking one costs more than everything that the actors do for an entry. The same idea as the execution queues of bthreads in braft.
/// </summary>
/// <remarks>
/// A dispatcher names it by <c>executor = "RaftActors.Dispatch.ConsensusExecutor, RaftActors"</c>. Its threads are its own, at most <c>max-threads</c> of the dispatcher's section (0: as many as
/// there are processors), started when there is work for them. Nothing that runs on it may block.
/// </remarks>
public sealed class ConsensusExecutor : ExecutorServiceConfigurator
{
    internal const int MostThreads = 64;

    private readonly int _threads;

    /// <summary>Made by the actor system.</summary>
    /// <param name="config">The dispatcher's section.</param>
    /// <param name="prerequisites">What the actor system gives to dispatchers.</param>
    /// <exception cref="ConfigurationException"><c>max-threads</c> is not within 0 to 64.</exception>
    public ConsensusExecutor(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites)
    {
        int threads = config.GetInt("max-threads", 0);
        if (threads is < 0 or > MostThreads)
        {
            throw new ConfigurationException($"max-threads of the dispatcher of consensus is {threads}; allowed are 0 (as many as there are processors) to {MostThreads}.");
        }

        _threads = threads > 0 ? threads : Math.Min(Environment.ProcessorCount, MostThreads);
    }

    /// <inheritdoc/>
    public override ExecutorService Produce(string id) => new ConsensusThreads(id, _threads, ConsensusThreads.UsualTurn);
}
