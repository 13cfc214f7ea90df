namespace KvServer.Client;

/// <summary>The connection broke before the answer came.</summary>
public sealed class ConnectionLostException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="wasSent">Whether the command may have reached the server.</param>
    /// <param name="inner">What broke the connection.</param>
    public ConnectionLostException(bool wasSent, Exception inner)
        : base(wasSent ? $"The connection broke before the answer came: {inner?.Message}" : $"The connection is broken; nothing was sent: {inner?.Message}", inner) =>
        WasSent = wasSent;

    /// <summary>True: the command may have been executed. False: it was not.</summary>
    public bool WasSent { get; }
}
