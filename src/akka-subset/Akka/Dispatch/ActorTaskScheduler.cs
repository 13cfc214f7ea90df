using System.Runtime.ExceptionServices;
using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Dispatch.SysMsg;

namespace Akka.Dispatch;

/// <summary>
/// Runs asynchronous handlers inside their actor. While one is under way its actor's mailbox is suspended; each
/// continuation comes back as a system message, so it runs with the actor's context, and with the message and sender it started with.
/// </summary>
public class ActorTaskScheduler : TaskScheduler
{
    private readonly ActorCell _cell;
    private int _awaiting;
    private Call _call;
    private Call _failedCall;

    internal ActorTaskScheduler(ActorCell cell)
    {
        _cell = cell;
    }

    /// <summary>The message whose handler is under way.</summary>
    public object CurrentMessage => _call?.Message;

    public override int MaximumConcurrencyLevel => 1;

    internal int Awaiting => _awaiting;

    protected override IEnumerable<Task> GetScheduledTasks() => null;

    protected override void QueueTask(Task task)
    {
        // A task started from within, for example by Task.Factory.StartNew in a handler, also takes this way.
        _cell.SendSystemMessage(new ActorTask(task));
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && ReferenceEquals(InternalCurrentActorCellKeeper.Current, _cell) && TryExecuteTask(task);

    protected virtual void OnBeforeTaskStarted()
    {
    }

    protected virtual void OnAfterTaskCompleted()
    {
    }

    internal void Run(Task task)
    {
        if (_call is { } call)
            _cell.RestoreMessage(call.Message, call.Sender);
        try
        {
            TryExecuteTask(task);
        }
        finally
        {
            // After a failure the message stays, for PreRestart.
            _cell.RestoreMessage(_failedCall?.Message, _failedCall?.Sender);
            _failedCall = null;
        }
    }

    public static void RunTask(Action action)
    {
        RunTask(() =>
        {
            action();
            return Task.CompletedTask;
        });
    }

    public static void RunTask(Func<Task> asyncAction)
    {
        var cell = InternalCurrentActorCellKeeper.Current
            ?? throw new InvalidOperationException("RunTask works only while an actor is running on this thread");
        cell.TaskScheduler.Start(asyncAction);
    }

    private void Start(Func<Task> asyncAction)
    {
        OnBeforeTaskStarted();
        var envelope = _cell.CurrentEnvelope;
        var start = new Task<Task>(asyncAction);
        start.RunSynchronously(this);
        if (start.IsFaulted)
        {
            OnAfterTaskCompleted();
            ExceptionDispatchInfo.Throw(Unwrap(start.Exception));
        }

        var running = start.Result ?? Task.CompletedTask;
        if (running.IsCompleted)
        {
            // It never had to wait: as if it were not asynchronous at all.
            OnAfterTaskCompleted();
            ThrowIfFailed(running);
            return;
        }

        _call = new Call(envelope.Message, envelope.Sender, _call);
        _awaiting++;
        _cell.Mailbox.Suspend();
        running.ContinueWith(
            static (task, state) => ((ActorTaskScheduler)state).Completed(task),
            this,
            CancellationToken.None,
            TaskContinuationOptions.None,
            this);
    }

    // In the actor again.
    private void Completed(Task task)
    {
        var call = _call;
        _call = call?.Previous;
        _awaiting--;
        _cell.Mailbox.Resume();
        OnAfterTaskCompleted();
        try
        {
            ThrowIfFailed(task);
        }
        catch (Exception cause)
        {
            _failedCall = call;
            _cell.HandleInvokeFailure(cause);
            return;
        }

        _cell.CheckReceiveTimeout();
    }

    private static void ThrowIfFailed(Task task)
    {
        if (task.IsFaulted)
            ExceptionDispatchInfo.Throw(Unwrap(task.Exception));
        if (task.IsCanceled)
            throw new TaskCanceledException(task);
    }

    private static Exception Unwrap(AggregateException exception) =>
        exception.InnerExceptions.Count == 1 ? exception.InnerExceptions[0] : exception;

    private sealed record Call(object Message, IActorRef Sender, Call Previous);
}
