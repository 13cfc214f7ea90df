using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RaftActors.Administration;

/// <summary>
/// What an operator may ask of a node beside its status: one line of words, answered with one JSON object. Refused as a whole when <c>raft-actors.administration.enabled</c> is off.
/// </summary>
internal static class AdminCommands
{
    public const string AddMember = "member-add";
    public const string RemoveMember = "member-remove";
    public const string ChangeMember = "member-change";
    public const string Transfer = "transfer";
    public const string Pause = "pause";
    public const string ReadOnly = "read-only";
    public const string StepDown = "step-down";
    public const string Elect = "elect";

    public const string Quorum = "quorum";
    public const string Recover = "recover";

    /// <summary>Has to stand at the end of a request for a recovery.</summary>
    public const string LossAccepted = "LOSS-ACCEPTED";

    private const string Usage =
        "allowed: status; quorum STREAM COMMIT ELECTION GROUP,..|- MS; recover STREAM ID,.. ID:TERM:INDEX:TERM:INDEX,..|- strict|shorter LOSS-ACCEPTED; member-add STREAM ID KIND ADDRESS PRIORITY MS; member-remove STREAM ID MS; member-change STREAM ID KIND PRIORITY|- [GROUP|-] MS; transfer STREAM ID|0 MS; pause STREAM ID MS; read-only STREAM on|off; step-down STREAM; elect STREAM";

    /// <summary>Does what the words say.</summary>
    /// <param name="streams">The streams of this node.</param>
    /// <param name="verb">The words, separated by single blanks.</param>
    public static async Task<AdminReply> RunAsync(RaftStreams streams, string verb)
    {
        string[] words = verb.Split(' ');
        if (words.Length < 2 || !uint.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out uint id))
        {
            return new AdminReply(false, [$"the request '{verb}' is not known; {Usage}"]);
        }

        if (!streams.TryGetStream(new StreamId(id), out RaftStream? stream))
        {
            return new AdminReply(false, [$"stream {id} does not run on this node"]);
        }

        Task<string>? done = words switch
        {
            [AddMember, _, string member, string kind, string address, string priority, string wait]
                when TryNode(member, out NodeId node) && TryKind(kind, out MemberKind k) && TryPriority(priority, out int? p) && TryTime(wait, out TimeSpan t) =>
                Describe(stream.AddMemberAsync(new Member(node, k, address) { Priority = p ?? 0 }, t)),
            [RemoveMember, _, string member, string wait] when TryNode(member, out NodeId node) && TryTime(wait, out TimeSpan t) =>
                Describe(stream.RemoveMemberAsync(node, t)),
            [ChangeMember, _, string member, string kind, string priority, string wait]
                when TryNode(member, out NodeId node) && TryKind(kind, out MemberKind k) && TryPriority(priority, out int? p) && TryTime(wait, out TimeSpan t) =>
                Describe(stream.ChangeMemberAsync(node, k, p, t)),
            [ChangeMember, _, string member, string kind, string priority, string group, string wait]
                when TryNode(member, out NodeId node) && TryKind(kind, out MemberKind k) && TryPriority(priority, out int? p) && TryPriority(group, out int? g) && TryTime(wait, out TimeSpan t) =>
                Describe(stream.ChangeMembershipAsync(new MembershipChange.ChangeKind(node, k, p, g), t)),
            [AddMember, _, string member, string kind, string address, string priority, string group, string wait]
                when TryNode(member, out NodeId node) && TryKind(kind, out MemberKind k) && TryPriority(priority, out int? p) && TryPriority(group, out int? g) && TryTime(wait, out TimeSpan t) =>
                Describe(stream.AddMemberAsync(new Member(node, k, address) { Priority = p ?? 0, Group = g ?? 0 }, t)),
            [Quorum, _, string commit, string election, string groups, string wait]
                when TryPriority(commit, out int? c) && TryPriority(election, out int? e) && RecoveryWords.TryNumbers(groups, out ImmutableArray<int> required) && TryTime(wait, out TimeSpan t) =>
                Describe(stream.ChangeQuorumAsync(new QuorumRule { Commit = c ?? 0, Election = e ?? 0, RequiredGroups = required }, t)),
            [Recover, _, string survivors, string reports, "strict" or "shorter", LossAccepted]
                when RecoveryWords.TrySurvivors(survivors, out ImmutableArray<NodeId> ids) && RecoveryWords.TryReports(reports, out ImmutableArray<SurvivorReport> known) =>
                Describe(stream.ForceRecoveryAsync(ids, known, words[4] == "shorter")),
            [Transfer, _, string member, string wait] when TryNode(member, out NodeId node, allowNone: true) && TryTime(wait, out TimeSpan t) =>
                Describe(stream.TransferLeadershipAsync(node, t)),
            [Pause, _, string member, string duration] when TryNode(member, out NodeId node) && int.TryParse(duration, NumberStyles.None, CultureInfo.InvariantCulture, out int milliseconds) =>
                Describe(stream.PauseReplicationAsync(node, TimeSpan.FromMilliseconds(milliseconds))),
            [ReadOnly, _, "on"] => Describe(stream.EnterReadOnlyModeAsync()),
            [ReadOnly, _, "off"] => Describe(stream.LeaveReadOnlyModeAsync()),
            [StepDown, _] => Describe(stream.StepDownAsync()),
            [Elect, _] => Describe(stream.TriggerElectionAsync()),
            _ => null,
        };
        return done is null
            ? new AdminReply(false, [$"the request '{verb}' is not known or not complete; {Usage}"])
            : new AdminReply(true, [await done.ConfigureAwait(false)]);
    }

    private static async Task<string> Describe(Task task)
    {
        await task.ConfigureAwait(false);
        return Write(json => json.WriteString("outcome", "done"));
    }

    private static async Task<string> Describe(Task<MembershipAnswer> change)
    {
        MembershipAnswer answer = await change.ConfigureAwait(false);
        return Write(json =>
        {
            switch (answer)
            {
                case MembershipCommitted committed:
                    json.WriteString("outcome", "done");
                    json.WriteNumber("index", committed.Index.Value);
                    json.WriteString("membership", committed.Membership.ToString());
                    break;
                case MembershipNotChanged refused:
                    WriteRefusal(json, refused.Refusal.ToString(), refused.Reason, refused.Leader, refused.LeaderAddress);
                    break;
                case MembershipOutcomeUnknown unknown:
                    json.WriteString("outcome", "unknown");
                    json.WriteString("reason", unknown.Reason);
                    break;
            }
        });
    }

    private static async Task<string> Describe(Task<RecoveryAnswer> recovery)
    {
        RecoveryAnswer answer = await recovery.ConfigureAwait(false);
        return Write(json =>
        {
            switch (answer)
            {
                case RecoveryForcedHere forced:
                    json.WriteString("outcome", "done");
                    json.WriteNumber("generation", forced.Generation.Number);
                    json.WriteNumber("generation_origin", forced.Generation.Origin.Value);
                    json.WriteNumber("base_term", forced.Base.Term.Value);
                    json.WriteNumber("base_index", forced.Base.Index.Value);
                    break;
                case RecoveryNotForced refused:
                    json.WriteString("outcome", "refused");
                    json.WriteString("reason", refused.Reason);
                    break;
                case RecoveryOutcomeUnknown unknown:
                    json.WriteString("outcome", "unknown");
                    json.WriteString("reason", unknown.Reason);
                    break;
            }
        });
    }

    private static async Task<string> Describe(Task<PauseAnswer> pause)
    {
        PauseAnswer answer = await pause.ConfigureAwait(false);
        return Write(json =>
        {
            if (answer is ReplicationNotPaused refused)
            {
                WriteRefusal(json, refused.Outcome.ToString(), refused.Reason, refused.Leader, refused.LeaderAddress);
            }
            else
            {
                json.WriteString("outcome", "done");
            }
        });
    }

    private static async Task<string> Describe(Task<TransferAnswer> transfer)
    {
        TransferAnswer answer = await transfer.ConfigureAwait(false);
        return Write(json =>
        {
            switch (answer)
            {
                case LeadershipTransferred done:
                    json.WriteString("outcome", "done");
                    json.WriteNumber("leader", done.Leader.Value);
                    json.WriteNumber("term", done.Term.Value);
                    break;
                case LeadershipNotTransferred refused:
                    WriteRefusal(json, refused.Outcome.ToString(), refused.Reason, refused.Leader, refused.LeaderAddress);
                    break;
            }
        });
    }

    private static void WriteRefusal(Utf8JsonWriter json, string refusal, string reason, NodeId leader, string? address)
    {
        json.WriteString("outcome", "refused");
        json.WriteString("refusal", refusal);
        json.WriteString("reason", reason);
        json.WriteNumber("leader", leader.Value);
        json.WriteString("leader_address", address);
    }

    private static string Write(Action<Utf8JsonWriter> content)
    {
        ArrayBufferWriter<byte> buffer = new(256);
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            content(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static bool TryNode(string word, out NodeId node, bool allowNone = false)
    {
        bool isNumber = uint.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out uint id);
        node = new NodeId(id);
        return isNumber && (allowNone || !node.IsNone);
    }

    private static bool TryKind(string word, out MemberKind kind)
    {
        kind = word switch
        {
            "learner" => MemberKind.Learner,
            "log-only" => MemberKind.LogOnly,
            _ => MemberKind.Voter,
        };
        return word is "voter" or "learner" or "log-only";
    }

    private static bool TryPriority(string word, out int? priority)
    {
        bool isNumber = int.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number);
        priority = isNumber ? number : null;
        return isNumber || word == "-";
    }

    private static bool TryTime(string word, out TimeSpan time)
    {
        bool isNumber = int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int milliseconds);
        time = TimeSpan.FromMilliseconds(milliseconds);
        return isNumber && milliseconds > 0;
    }
}
