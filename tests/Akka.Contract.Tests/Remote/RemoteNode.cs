#nullable enable annotations
using System.Threading.Channels;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Contract.Tests.Remote;

/// <summary>Actor systems with remoting on loopback, for tests that need more than one.</summary>
internal static class RemoteNode
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static Config Settings(int port = 0, string extra = "") => ConfigurationFactory.ParseString(extra).WithFallback(ConfigurationFactory.ParseString(
        $$"""
        akka {
          loglevel = WARNING
          stdout-loglevel = OFF
          log-dead-letters = off
          log-dead-letters-during-shutdown = off
          actor.provider = remote
          actor.ask-timeout = 20s
          coordinated-shutdown.run-by-clr-shutdown-hook = off
          remote {
            retry-gate-closed-for = 100ms
            dot-netty.tcp {
              hostname = "127.0.0.1"
              port = {{port}}
            }
          }
        }
        """));

    public static ActorSystem Start(string name, int port = 0, string extra = "") => ActorSystem.Create(name, Settings(port, extra));

    public static Address AddressOf(ActorSystem system) => ((ExtendedActorSystem)system).Provider.DefaultAddress;

    public static int PortOf(ActorSystem system) => AddressOf(system).Port!.Value;

    /// <summary>The path under which an actor of that system is known to others.</summary>
    public static string PathOf(ActorSystem system, string path) => AddressOf(system) + path;

    public static async Task<IActorRef> FindAsync(ActorSystem from, ActorSystem at, string path) =>
        await from.ActorSelection(PathOf(at, path)).ResolveOne(Patience);

    public static async Task StopAsync(params ActorSystem?[] systems)
    {
        foreach (var system in systems)
        {
            if (system != null)
                await system.Terminate().WaitAsync(Patience);
        }
    }

    /// <summary>Asks again and again until the peer answers: traffic in both directions.</summary>
    public static async Task<TimeSpan> UntilAnsweredAsync(ActorSystem from, string path, object question)
    {
        var start = System.Diagnostics.Stopwatch.StartNew();
        var target = from.ActorSelection(path);
        while (true)
        {
            try
            {
                await target.Ask<object>(question, TimeSpan.FromMilliseconds(200));
                return start.Elapsed;
            }
            catch (AskTimeoutException) when (start.Elapsed < Patience)
            {
                // Not yet.
            }
        }
    }
}

/// <summary>Answers everything with what came.</summary>
internal sealed class EchoActor : UntypedActor
{
    protected override void OnReceive(object message) => Sender.Tell(message);
}

/// <summary>Puts what it receives where a test can wait for it.</summary>
internal sealed class Collector : UntypedActor
{
    private readonly ChannelWriter<object> _into;

    public Collector(ChannelWriter<object> into) => _into = into;

    protected override void OnReceive(object message) => _into.TryWrite(message);

    public static (IActorRef Actor, Received Received) Start(ActorSystem system, string? name = null)
    {
        var channel = Channel.CreateUnbounded<object>();
        return (system.ActorOf(Props.Create(() => new Collector(channel.Writer)), name), new Received(channel.Reader));
    }

    /// <summary>Collects what is published on the event stream.</summary>
    public static Received Subscribe<T>(ActorSystem system)
    {
        var (actor, received) = Start(system);
        system.EventStream.Subscribe(actor, typeof(T));
        return received;
    }
}

/// <summary>What a <see cref="Collector"/> has received so far and will receive.</summary>
internal sealed class Received(ChannelReader<object> messages)
{
    public async Task<object> NextAsync(TimeSpan? patience = null)
    {
        using var limit = new CancellationTokenSource(patience ?? RemoteNode.Patience);
        return await messages.ReadAsync(limit.Token);
    }

    /// <summary>The next message of a type that fits; others are passed over.</summary>
    public async Task<T> NextAsync<T>(Predicate<T>? fits = null, TimeSpan? patience = null)
    {
        using var limit = new CancellationTokenSource(patience ?? RemoteNode.Patience);
        while (true)
        {
            if (await messages.ReadAsync(limit.Token) is T wanted && (fits == null || fits(wanted)))
                return wanted;
        }
    }

    public bool TryNext(out object? message) => messages.TryRead(out message);
}

/// <summary>Watches one actor and reports the end.</summary>
internal sealed class Watcher : UntypedActor
{
    private readonly ChannelWriter<object> _into;
    private readonly IActorRef _subject;

    public Watcher(IActorRef subject, ChannelWriter<object> into)
    {
        _into = into;
        _subject = subject;
        Context.Watch(subject);
    }

    /// <summary>Asks a watcher to watch no more.</summary>
    public sealed class Unwatch
    {
        public static readonly Unwatch Instance = new();
    }

    protected override void OnReceive(object message)
    {
        if (message is Unwatch)
            Context.Unwatch(_subject);
        else
            _into.TryWrite(message);
    }

    public static Received Start(ActorSystem system, IActorRef subject)
    {
        var channel = Channel.CreateUnbounded<object>();
        system.ActorOf(Props.Create(() => new Watcher(subject, channel.Writer)));
        return new Received(channel.Reader);
    }
}
