namespace RaftActors.TestKit;

/// <summary>A client's request to a <see cref="LocalCluster"/>. It is answered while the cluster runs, so wait with <see cref="LocalCluster.RunUntil"/> and not by awaiting.</summary>
/// <typeparam name="TAnswer">The answer.</typeparam>
public sealed class ClusterCall<TAnswer> : IClusterCall
    where TAnswer : class
{
    private readonly Func<bool> _canSend;
    private readonly Func<Task> _send;
    private readonly Func<Task, TAnswer> _read;
    private readonly Func<string, TAnswer> _whenLost;
    private readonly Action<TAnswer> _answered;
    private Task? _task;

    internal ClusterCall(NodeId member, string what, Func<bool> canSend, Func<Task> send, Func<Task, TAnswer> read, Func<string, TAnswer> whenLost, Action<TAnswer> answered)
    {
        Member = member;
        What = what;
        _canSend = canSend;
        _send = send;
        _read = read;
        _whenLost = whenLost;
        _answered = answered;
    }

    /// <summary>The member that was asked.</summary>
    public NodeId Member { get; }

    /// <summary>True when there is an answer.</summary>
    public bool IsCompleted => Answer is not null;

    /// <summary>The answer; null until there is one.</summary>
    public TAnswer? Answer { get; private set; }

    internal string What { get; }

    bool IClusterCall.Poll()
    {
        // A member that has just been started takes requests when its supervisor has had its first turn.
        if (_task is null && _canSend())
        {
            _task = _send();
        }

        if (Answer is null && _task is { IsCompleted: true })
        {
            Complete(_task.IsCompletedSuccessfully ? _read(_task) : _whenLost(_task.Exception?.GetBaseException().Message ?? "cancelled"));
        }

        return Answer is not null;
    }

    void IClusterCall.MemberCrashed()
    {
        if (Answer is null)
        {
            Complete(_whenLost($"member {Member} crashed"));
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{What} at {Member}: {Answer?.ToString() ?? "not answered"}";

    private void Complete(TAnswer answer)
    {
        Answer = answer;
        _answered(answer);
    }
}

internal interface IClusterCall
{
    NodeId Member { get; }

    /// <summary>True when it is answered.</summary>
    bool Poll();

    void MemberCrashed();
}
