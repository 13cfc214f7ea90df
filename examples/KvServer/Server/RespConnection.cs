using System.Buffers;
using System.Net.Sockets;
using System.Threading.Channels;
using KvServer.Commands;
using KvServer.Resp;

namespace KvServer.Server;

/// <summary>
/// One client. One loop takes requests and starts them, another writes their answers in order. Writes are started without waiting
/// for each other; a read is executed when the answers before it are written, and a write does not start before the reads in
/// front of it are executed, so a pipeline means what it says.
/// </summary>
internal sealed class RespConnection
{
    private const int FlushAt = 64 * 1024;

    private readonly RespServer _server;
    private readonly ServerOptions _options;
    private readonly Socket _socket;
    private readonly RespRequestParser _parser;
    private readonly Channel<Reply> _replies;
    private readonly ArrayBufferWriter<byte> _operation = new(256);
    private readonly CancellationTokenSource _receiving = new();
    private readonly CancellationTokenSource _closed = new();
    private int _pendingReads;
    private long _pendingBytes;
    private TaskCompletionSource? _progress;
    private bool _sendFailed;

    public RespConnection(RespServer server, Socket socket, long id)
    {
        (_server, _options, _socket, Id) = (server, server.Options, socket, id);
        _parser = new RespRequestParser(_options.Limits);
        _replies = Channel.CreateBounded<Reply>(new BoundedChannelOptions(_options.MaxPipeline)
        {
            SingleReader = true,
            SingleWriter = true,
            FullMode = BoundedChannelFullMode.Wait,
        });
        Remote = socket.RemoteEndPoint?.ToString() ?? "?";
    }

    public long Id { get; }

    public string Remote { get; }

    /// <summary>What the client calls itself.</summary>
    public string Name { get; set; } = "";

    /// <summary>How fresh this connection's reads are.</summary>
    public ReadLevel ReadLevel { get; set; } = ReadLevel.Linearizable;

    /// <summary>The index of the connection's last write that was answered as done.</summary>
    public long LastWriteIndex { get; private set; }

    /// <summary>Set by a command after whose answer the connection ends.</summary>
    public bool Quitting { get; set; }

    /// <summary>Serves the client until it leaves, breaks the protocol or the server stops.</summary>
    public async Task RunAsync()
    {
        Task writing = WriteLoopAsync();
        try
        {
            await ReadLoopAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client is gone, or the server stops: what is under way is still answered below.
        }
        finally
        {
            _replies.Writer.TryComplete();
            await writing.ConfigureAwait(false);
            await CloseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Takes no further requests; answers what is under way and closes.</summary>
    public void StopReceiving() => _receiving.Cancel();

    /// <summary>Closes without waiting for answers.</summary>
    public void Abort()
    {
        _closed.Cancel();
        _receiving.Cancel();
        _socket.Dispose();
    }

    /// <summary>A write's answer is about to be sent.</summary>
    public void WriteAnswered(int bytes, long index)
    {
        Interlocked.Add(ref _pendingBytes, -bytes);
        LastWriteIndex = Math.Max(LastWriteIndex, index);
    }

    /// <summary>A write that does not go through the batches has begun.</summary>
    public void WriteBegun(int bytes) => Interlocked.Add(ref _pendingBytes, bytes);

    /// <summary>A read has been executed.</summary>
    public void ReadAnswered() => Interlocked.Decrement(ref _pendingReads);

    private async Task ReadLoopAsync()
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(32 * 1024);
        try
        {
            while (!Quitting && !_sendFailed)
            {
                int received = await _socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None, _receiving.Token).ConfigureAwait(false);
                if (received == 0)
                {
                    return;
                }

                for (int at = 0; at < received && !Quitting && !_sendFailed;)
                {
                    RespParse parsed = _parser.Parse(buffer.AsSpan(at, received - at), out int consumed);
                    at += consumed;
                    if (parsed == RespParse.Error)
                    {
                        _server.ProtocolBroken(this, _parser.ErrorText);
                        await EnqueueAsync(new FixedReply(Replies.Error("ERR", _parser.ErrorText))).ConfigureAwait(false);
                        return;
                    }

                    if (parsed == RespParse.Request && _parser.Count > 0)
                    {
                        ValueTask dispatched = DispatchAsync();
                        if (!dispatched.IsCompletedSuccessfully)
                        {
                            await dispatched.ConfigureAwait(false);
                        }
                    }
                }

                _server.Writes.Flush();
            }
        }
        finally
        {
            _server.Writes.Flush();
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private ValueTask DispatchAsync()
    {
        _server.Statistics.Command();
        if (_parser.Oversize > 0)
        {
            string what = _parser.OversizeIsTotal ? "command" : "value";
            return EnqueueAsync(new FixedReply(Replies.Error("TOOLARGE", $"{what} of {_parser.Oversize} bytes exceeds limit {_parser.OversizeLimit}")));
        }

        CommandInfo? command = CommandTable.Find(_parser[0]);
        if (command is null)
        {
            return DispatchUnknown();
        }

        if (!command.Accepts(_parser.Count))
        {
            return EnqueueAsync(new FixedReply(Replies.WrongNumber(command.Name)));
        }

        if (_server.IsStopping && command.Kind != CommandKind.Quit)
        {
            return EnqueueAsync(FixedReply.Stopping);
        }

        return command.Access switch
        {
            CommandAccess.Local => EnqueueAsync(_server.Local.Execute(this, command, _parser)),
            CommandAccess.Read => DispatchRead(command),
            _ => Volatile.Read(ref _pendingReads) > 0 || Interlocked.Read(ref _pendingBytes) > _options.MaxConnectionBytes
                ? WaitAndWriteAsync(command)
                : DispatchWrite(command),
        };
    }

    private ValueTask DispatchUnknown()
    {
        string name = Printable(_parser[0], 64);
        if (name is "POST" or "Host:")
        {
            // A browser that was tricked into talking to this port: its next lines could be commands of somebody else's choice.
            Quitting = true;
            _server.ProtocolBroken(this, "an HTTP request");
        }

        return EnqueueAsync(new FixedReply(Replies.Error("ERR", $"unknown command '{name}'")));
    }

    private ValueTask DispatchRead(CommandInfo command)
    {
        if (WriteEncoder.KeyTooLong(command, _parser, _options.Limits) is { } refusal)
        {
            return EnqueueAsync(new FixedReply(refusal));
        }

        byte[][] arguments = new byte[_parser.Count - 1][];
        for (int i = 0; i < arguments.Length; i++)
        {
            arguments[i] = _parser[i + 1].ToArray();
        }

        Interlocked.Increment(ref _pendingReads);
        return EnqueueAsync(new ReadReply(_server.Reads, command.Kind, arguments, ReadLevel));
    }

    private async ValueTask WaitAndWriteAsync(CommandInfo command)
    {
        _server.Writes.Flush();
        while (Volatile.Read(ref _pendingReads) > 0 || Interlocked.Read(ref _pendingBytes) > _options.MaxConnectionBytes)
        {
            TaskCompletionSource progress = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _progress, progress);
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref _pendingReads) > 0 || Interlocked.Read(ref _pendingBytes) > _options.MaxConnectionBytes)
            {
                await progress.Task.WaitAsync(_closed.Token).ConfigureAwait(false);
            }
        }

        await DispatchWrite(command).ConfigureAwait(false);
    }

    private ValueTask DispatchWrite(CommandInfo command)
    {
        if (command.Kind == CommandKind.Once)
        {
            return EnqueueAsync(_server.Sessions.Once(this, _parser));
        }

        _operation.ResetWrittenCount();
        if (WriteEncoder.Encode(command, _parser, _options.Limits, _operation) is { } refusal)
        {
            return EnqueueAsync(new FixedReply(refusal));
        }

        WriteReply reply = new(_operation.WrittenCount);
        if (!_server.Writes.TryAdd(_operation.WrittenSpan, reply))
        {
            _server.Statistics.Writes(WriteOutcomeKind.Overloaded, 1);
            return EnqueueAsync(new FixedReply(Replies.Error("OVERLOADED", $"not executed: more than {_options.MaxQueuedBytes} bytes of writes wait")));
        }

        Interlocked.Add(ref _pendingBytes, reply.Bytes);
        return EnqueueAsync(reply);
    }

    private ValueTask EnqueueAsync(Reply reply)
    {
        if (_replies.Writer.TryWrite(reply))
        {
            return ValueTask.CompletedTask;
        }

        _server.Writes.Flush(); // The pipeline is full; nothing of it may be left lying while it empties.
        return _replies.Writer.WriteAsync(reply, _closed.Token);
    }

    private async Task WriteLoopAsync()
    {
        RespOutput output = new();
        try
        {
            while (await _replies.Reader.WaitToReadAsync(_closed.Token).ConfigureAwait(false))
            {
                while (_replies.Reader.TryRead(out Reply? reply))
                {
                    if (!reply.IsReadyFor(this))
                    {
                        await SendAsync(output).ConfigureAwait(false);
                        await reply.WaitAsync(this, _closed.Token).ConfigureAwait(false);
                    }

                    reply.Write(this, output);
                    Progress();
                    if (output.Length >= FlushAt)
                    {
                        await SendAsync(output).ConfigureAwait(false);
                    }
                }

                await SendAsync(output).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            _sendFailed = true;
        }
        catch (Exception e)
        {
            // Not answering is right: the client must not take one command's answer for another's.
            _sendFailed = true;
            _options.Warn($"Connection {Id} of {Remote} is closed: {e.Message}");
        }

        if (_sendFailed)
        {
            _closed.Cancel();
            _receiving.Cancel();
        }
    }

    private void Progress()
    {
        if (Volatile.Read(ref _progress) is { } waiting)
        {
            Volatile.Write(ref _progress, null);
            waiting.TrySetResult();
        }
    }

    private async ValueTask SendAsync(RespOutput output)
    {
        ReadOnlyMemory<byte> rest = output.Written;
        while (!rest.IsEmpty)
        {
            int sent = await _socket.SendAsync(rest, SocketFlags.None, _closed.Token).ConfigureAwait(false);
            rest = rest[sent..];
        }

        output.Clear();
    }

    private async Task CloseAsync()
    {
        try
        {
            if (!_sendFailed)
            {
                // Closing with unread input would reset the connection and could take the last answers with it.
                _socket.Shutdown(SocketShutdown.Send);
                using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token);
                patience.CancelAfter(TimeSpan.FromMilliseconds(500));
                byte[] ignored = new byte[4096];
                while (await _socket.ReceiveAsync(ignored.AsMemory(), SocketFlags.None, patience.Token).ConfigureAwait(false) > 0)
                {
                }
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Gone or too slow to leave.
        }
        finally
        {
            _socket.Dispose();
        }
    }

    private static string Printable(ReadOnlySpan<byte> text, int most)
    {
        Span<char> chars = stackalloc char[most];
        int length = Math.Min(text.Length, most);
        for (int i = 0; i < length; i++)
        {
            chars[i] = text[i] is >= 0x20 and < 0x7F ? (char)text[i] : '?';
        }

        return new string(chars[..length]);
    }
}
