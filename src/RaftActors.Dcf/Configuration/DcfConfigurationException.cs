namespace RaftActors.Dcf;

/// <summary>The cluster configuration or the metadata cannot be used; nothing was started and nothing was written.</summary>
public sealed class DcfConfigurationException : RaftActorsException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is wrong, where, and what is allowed.</param>
    public DcfConfigurationException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is wrong, where, and what is allowed.</param>
    /// <param name="inner">What was noticed first.</param>
    public DcfConfigurationException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
