using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace KvServer.Client;

/// <summary>
/// Executes writes exactly once, whatever happens to nodes and connections: each gets a number of the client's session, and is sent again, through another node if need be, until a reply says what came of it. One write at
/// a time, in the order of the calls. Thread-safe.
/// </summary>
public sealed class RespSession : IAsyncDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(20);

    private readonly IReadOnlyList<IPEndPoint> _endpoints;
    private readonly SemaphoreSlim _turn = new(1);
    private RespClient? _client;
    private string _session = "";
    private ulong _serial;
    private int _node;

    private RespSession(IReadOnlyList<IPEndPoint> endpoints, int first) => (_endpoints, _node) = (endpoints, first);

    /// <summary>How often a write had to be sent again.</summary>
    public long Repeated { get; private set; }

    /// <summary>Opens a session of the cluster's stream.</summary>
    /// <param name="endpoints">The nodes.</param>
    /// <param name="first">Which of them to begin with.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<RespSession> OpenAsync(IReadOnlyList<IPEndPoint> endpoints, int first = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        RespSession session = new(endpoints, first);
        try
        {
            // Asked again it may open two: the one that nobody uses expires.
            Outcome opened = await session.SendAsync(["RAFT", "SESSION", "OPEN"], cancellationToken).ConfigureAwait(false);
            session._session = opened.IsAcknowledged
                ? opened.Reply!.Integer.ToString(CultureInfo.InvariantCulture)
                : throw new InvalidOperationException($"No session: {opened.Reason}");
            return session;
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Executes a write once, and returns what it did.</summary>
    /// <param name="cancellationToken">Gives up; then nobody knows whether it was executed.</param>
    /// <param name="words">The command, as UTF-8.</param>
    /// <returns>Acknowledged, or refused by the state (<c>ERR</c>); when <see cref="Outcome.IsSessionOver"/>, the session is gone and with it the knowledge.</returns>
    public async Task<Outcome> ExecuteAsync(CancellationToken cancellationToken, params string[] words)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            string serial = (++_serial).ToString(CultureInfo.InvariantCulture);
            return await SendAsync(["ONCE", _session, serial, .. words], cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Closes the connection; the session expires.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.DisposeAsync().ConfigureAwait(false);
        }

        _turn.Dispose();
    }

    private async Task<Outcome> SendAsync(string[] words, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte>[] command = Array.ConvertAll(words, w => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(w));
        for (bool first = true; ; first = false)
        {
            if (!first)
            {
                Repeated++;
                await Task.Delay(RetryPause, cancellationToken).ConfigureAwait(false);
            }

            if (await ConnectAsync(cancellationToken).ConfigureAwait(false) is not { } client)
            {
                continue;
            }

            Outcome outcome = await client.TryAsync(command).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (!outcome.MayRetry && outcome.Kind != OutcomeKind.Unknown)
            {
                return outcome;
            }
        }
    }

    private async Task<RespClient?> ConnectAsync(CancellationToken cancellationToken)
    {
        if (_client is { IsBroken: false })
        {
            return _client;
        }

        if (_client is not null)
        {
            await _client.DisposeAsync().ConfigureAwait(false);
            _client = null;
            _node++;
        }

        try
        {
            return _client = await RespClient.ConnectAsync(_endpoints[_node % _endpoints.Count], cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException)
        {
            _node++;
            return null;
        }
    }
}
