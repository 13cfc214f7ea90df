using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using KvServer.Client;
using KvServer.Client.Processes;

namespace Demo;

/// <summary>
/// The cluster changes while clients count: a fourth node joins, leads, another leaves, and in the end it is the cluster of the beginning again. Every request goes to whichever node, which asks the leader if it has to.
/// </summary>
internal sealed class MembersScene(KvCluster cluster, DemoFiles files, IDemoView view)
{
    private const int SomeIncrements = 50;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static int Newcomer => DemoFiles.Newcomer;

    /// <summary>Gives the cluster its own members back, which a run that was ended half way may have left otherwise.</summary>
    public async Task RestoreAsync(CancellationToken cancellation)
    {
        int leader = await cluster.WaitForLeaderAsync(Patience).WaitAsync(cancellation);
        Dictionary<int, string> members = await MembersAsync(leader, cancellation);
        foreach (int missing in cluster.NodeIds.Where(n => !members.ContainsKey(n)))
        {
            view.Say($"A former run ended before node {missing} was a member again; it is added now.");
            await ChangeAsync(leader, missing, isMember: true, cancellation, "ADD", Text(missing), files.PeerAddressOf(missing));
        }

        if (members.ContainsKey(Newcomer))
        {
            view.Say($"A former run ended before node {Newcomer} was removed; it is removed now.");
            await ChangeAsync(leader, Newcomer, isMember: false, cancellation, "REMOVE", Text(Newcomer));
        }
    }

    public async Task PlayAsync(CounterRun counter, CancellationToken cancellation)
    {
        int[] own = [.. cluster.NodeIds];
        int leader = await cluster.WaitForLeaderAsync(Patience).WaitAsync(cancellation);
        int other = own.First(n => n != leader);
        view.Say($"Changing the cluster while {CounterRun.Clients} clients count:");

        long begun = Stopwatch.GetTimestamp();
        KvNodeSettings settings = files.PrepareNewcomer();
        cluster.Add(settings);
        await cluster.StartAsync(Newcomer, Patience).WaitAsync(cancellation);
        await ChangeAsync(other, Newcomer, isMember: true, cancellation, "ADD", Text(Newcomer), files.PeerAddressOf(Newcomer));
        view.Say($"  node {Newcomer}, a new process with an empty disk, was started and added through node {other} in {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s");

        counter.Pause();
        IReadOnlyList<KvStatus> agreed = await cluster.WaitForAgreementAsync(Patience).WaitAsync(cancellation);
        counter.Resume();
        view.Say($"  all {agreed.Count} nodes have applied entry {agreed[0].Applied} and have the same state ({agreed[0].StateHash})");

        await TransferAsync(other, Newcomer, cancellation);
        await counter.ProgressAsync(SomeIncrements, cancellation);
        view.Say($"  node {Newcomer} leads, and the count goes on");

        int leaves = own.First(n => n != other);
        await ChangeAsync(other, leaves, isMember: false, cancellation, "REMOVE", Text(leaves));
        await StopAsync(leaves);
        await counter.ProgressAsync(SomeIncrements, cancellation);
        RespReply covered = await SendAsync(Newcomer, cancellation, "SNAPSHOT");
        view.Say($"  node {leaves} was removed and stopped; node {Newcomer} took a snapshot of everything up to entry {covered.Integer}");

        begun = Stopwatch.GetTimestamp();
        await cluster.StartAsync(leaves, Patience).WaitAsync(cancellation);
        await ChangeAsync(other, leaves, isMember: true, cancellation, "ADD", Text(leaves), files.PeerAddressOf(leaves));
        await TransferAsync(other, leaves, cancellation);
        await ChangeAsync(other, Newcomer, isMember: false, cancellation, "REMOVE", Text(Newcomer));
        await StopAsync(Newcomer);
        cluster.Forget(Newcomer);
        await counter.ProgressAsync(SomeIncrements, cancellation);
        view.Say($"  node {leaves} is back and leads, node {Newcomer} was removed ({Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s): the members are {string.Join(", ", (await MembersAsync(other, cancellation)).Keys.Order())} again");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task StopAsync(int node)
    {
        cluster[node].Terminate();
        int code = await cluster[node].WaitForExitAsync(TimeSpan.FromSeconds(20));
        if (code != 0)
        {
            throw new DemoException($"Node {node} was removed and did not stop cleanly: exit code {code}.");
        }
    }

    /// <summary>Asks for a change until it is in force. Asking again does no harm: the members say whether there is anything left to do.</summary>
    private async Task ChangeAsync(int via, int node, bool isMember, CancellationToken cancellation, params string[] words)
    {
        long begun = Stopwatch.GetTimestamp();
        while (true)
        {
            Outcome outcome = await TryAsync(via, cancellation, words);
            if (outcome.IsAcknowledged || (outcome is { Kind: OutcomeKind.Refused, MayRetry: false } && (await MembersAsync(via, cancellation)).ContainsKey(node) == isMember))
            {
                return;
            }

            await PauseAsync(begun, outcome, words, cancellation);
        }
    }

    private async Task TransferAsync(int via, int target, CancellationToken cancellation)
    {
        long begun = Stopwatch.GetTimestamp();
        while (true)
        {
            Outcome outcome = await TryAsync(via, cancellation, "TRANSFER", Text(target));
            if (outcome.IsAcknowledged && outcome.Reply!.Integer == target)
            {
                return;
            }

            await PauseAsync(begun, outcome, ["TRANSFER", Text(target)], cancellation);
        }
    }

    private static async Task PauseAsync(long begun, Outcome outcome, string[] words, CancellationToken cancellation)
    {
        if (Stopwatch.GetElapsedTime(begun) > Patience)
        {
            throw new DemoException($"RAFT {string.Join(' ', words)} was not done within {Patience.TotalSeconds:0} s: {outcome.Reason}");
        }

        await Task.Delay(100, cancellation);
    }

    private async Task<Outcome> TryAsync(int node, CancellationToken cancellation, params string[] words)
    {
        await using RespClient client = await RespClient.ConnectAsync(cluster.EndpointOf(node), cancellation);
        return await client.TryAsync(["RAFT", .. words]).WaitAsync(cancellation);
    }

    private async Task<RespReply> SendAsync(int node, CancellationToken cancellation, params string[] words)
    {
        Outcome outcome = await TryAsync(node, cancellation, words);
        return outcome.IsAcknowledged ? outcome.Reply! : throw new DemoException($"RAFT {string.Join(' ', words)} on node {node}: {outcome.Reason}");
    }

    private async Task<Dictionary<int, string>> MembersAsync(int node, CancellationToken cancellation)
    {
        using JsonDocument json = JsonDocument.Parse((await SendAsync(node, cancellation, "MEMBERS")).Text);
        return json.RootElement.EnumerateArray().ToDictionary(m => m.GetProperty("node_id").GetInt32(), m => m.GetProperty("address").GetString()!);
    }
}
