using System.Buffers;
using System.Buffers.Text;
using System.Text;
using KvServer.Commands;
using KvServer.Resp;
using KvServer.State;

namespace KvServer.Server;

/// <summary>
/// Writes that may be repeated without harm: RAFT SESSION OPEN gives a client a session, ONCE session serial command executes a write once at the most under these two numbers, through whichever node it is sent.
/// Each is a log entry of its own, because the stream knows commands by entry; ordinary writes go on sharing theirs.
/// </summary>
internal sealed class SessionCommands(RespServer server)
{
    /// <summary>RAFT SESSION OPEN [milliseconds], KEEP id, CLOSE id.</summary>
    public Reply Control(RespRequestParser request)
    {
        string what = Encoding.UTF8.GetString(request[2][..Math.Min(16, request[2].Length)]).ToUpperInvariant();
        ulong number = 0;
        bool hasNumber = request.Count == 4 && TryNumber(request[3], out number);
        switch (what)
        {
            case "OPEN" when request.Count == 3:
                return new TaskReply(ControlAsync(0, close: false, null));
            case "OPEN" when hasNumber && number <= int.MaxValue:
                return new TaskReply(ControlAsync(0, close: false, TimeSpan.FromMilliseconds(number)));
            case "KEEP" or "CLOSE" when hasNumber:
                return new TaskReply(ControlAsync(number, what == "CLOSE", null));
            default:
                return new FixedReply(Replies.Error("ERR", "RAFT SESSION takes OPEN [milliseconds], KEEP session or CLOSE session"));
        }
    }

    /// <summary>ONCE session serial command [arguments]. Behind this call the request is the command's.</summary>
    public Reply Once(RespConnection connection, RespRequestParser request)
    {
        if (!TryNumber(request[1], out ulong session) || !TryNumber(request[2], out ulong serial))
        {
            return new FixedReply(Replies.Error("ERR", "ONCE takes a session and a serial, both above 0, and a write"));
        }

        request.Skip(3);
        if (CommandTable.Find(request[0]) is not { Access: CommandAccess.Write, Kind: not CommandKind.Once } command)
        {
            return new FixedReply(Replies.Error("ERR", "ONCE is for writes"));
        }

        if (!command.Accepts(request.Count))
        {
            return new FixedReply(Replies.WrongNumber(command.Name));
        }

        ArrayBufferWriter<byte> entry = new(128);
        KvWriter.EntryHeader(entry, server.Options.Now());
        if (WriteEncoder.Encode(command, request, server.Options.Limits, entry) is { } refusal)
        {
            return new FixedReply(refusal);
        }

        WriteReply reply = new(entry.WrittenCount);
        connection.WriteBegun(reply.Bytes);

        // What the connection has written before goes first.
        server.Writes.Flush();
        _ = ProposeAsync(entry.WrittenMemory, session, serial, reply);
        return reply;
    }

    private async Task ProposeAsync(ReadOnlyMemory<byte> entry, ulong session, ulong serial, WriteReply reply)
    {
        WriteOutcome outcome;
        try
        {
            server.Statistics.Proposal();
            outcome = await server.Log.ProposeOnceAsync(entry, session, serial, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Nobody knows how far it got.
            outcome = WriteOutcome.Not(WriteOutcomeKind.Unknown, e.Message);
        }

        server.Statistics.Writes(outcome.Kind, 1);
        bool readable = outcome.Result.Length > 0 && outcome.Result.Span[0] == KvFormat.Version;
        reply.Complete(outcome.Kind, outcome.Index, readable ? outcome.Result[1..] : default, outcome.Reason);
    }

    private async Task<byte[]> ControlAsync(ulong session, bool close, TimeSpan? timeout)
    {
        WriteOutcome outcome = await server.Log.SessionAsync(session, close, timeout, CancellationToken.None).ConfigureAwait(false);
        if (outcome.Kind != WriteOutcomeKind.Committed)
        {
            return Replies.Error(Code(outcome.Kind), outcome.Reason);
        }

        RespOutput output = new();
        if (session == 0)
        {
            output.Integer(outcome.Index);
        }
        else
        {
            output.Ok();
        }

        return output.Written.ToArray();
    }

    private static string Code(WriteOutcomeKind kind) => kind switch
    {
        WriteOutcomeKind.NoSession => "NOSESSION",
        WriteOutcomeKind.NoLeader => "NOLEADER",
        WriteOutcomeKind.Overloaded => "OVERLOADED",
        WriteOutcomeKind.Stopping => "STOPPING",
        WriteOutcomeKind.Unknown => "UNKNOWN",
        _ => "REFUSED",
    };

    private static bool TryNumber(ReadOnlySpan<byte> text, out ulong value) =>
        Utf8Parser.TryParse(text, out value, out int used) && used == text.Length && value > 0;
}
