using Akka.Actor.Internal;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor;

public partial class ActorCell
{
    // Who failed, while this actor waits for its parent's decision: itself, or the child whose failure it escalated.
    private IActorRef _failed;
    private bool _aroundPostStopDone;

    private void ClearFailed() => _failed = null;

    private void CreateActor(ActorInitializationException failure)
    {
        if (failure is not null)
            throw failure;
        try
        {
            var created = NewActor();
            created.AroundPreStart();
            CheckReceiveTimeout();
            if (_system.Settings.DebugLifecycle)
                Publish(new Debug(_self.Path.ToString(), created.GetType(), $"Started ({created})"));
        }
        catch (Exception e)
        {
            if (_actor is not null)
                ClearActor(_actor);
            throw new ActorInitializationException(_self, $"{_props.Type.Name} could not be created: {Innermost(e).Message}", e);
        }
    }

    private static Exception Innermost(Exception e)
    {
        while (e.InnerException is { } inner)
            e = inner;
        return e;
    }

    // Restarting an actor that could not be created: try again, without the children it may have got that far.
    private void FaultCreate()
    {
        _mailbox.Resume();
        ClearFailed();
        StopAllChildren();
        if (!_children.SetReason(WaitReason.Creation, null))
            FinishCreate();
    }

    private void FinishCreate()
    {
        try
        {
            CreateActor(null);
        }
        catch (Exception e)
        {
            HandleInvokeFailure(e);
        }
    }

    private void FaultRecreate(Exception cause)
    {
        if (!IsNormal)
        {
            // On the way out, or being recreated already: only keep the count of suspensions right.
            FaultResume(null);
            return;
        }

        if (_actor is null)
        {
            Publish(new Error(null, _self.Path.ToString(), _props.Type, $"There is no instance to restart, one is created anew after: {cause?.Message}"));
            FaultCreate();
            return;
        }

        var failedActor = _actor;
        if (_system.Settings.DebugLifecycle)
            Publish(new Debug(_self.Path.ToString(), failedActor.GetType(), "restarting"));
        try
        {
            // The message is known only if it was this actor that failed, and on it.
            failedActor.AroundPreRestart(cause, _currentMessage);
        }
        catch (Exception e)
        {
            var failure = new PreRestartException(_self, e, cause, _currentMessage);
            Publish(new Error(failure, _self.Path.ToString(), failedActor.GetType(), e.Message));
        }
        finally
        {
            ClearActor(failedActor);
        }

        if (!_children.SetReason(WaitReason.Recreation, cause))
            FinishRecreate(cause);
    }

    private void FinishRecreate(Exception cause)
    {
        // The children that the old instance did not stop: they are restarted along.
        var survivors = _children.Refs();
        try
        {
            _mailbox.Resume();
            ClearFailed();
            var fresh = NewActor();
            fresh.AroundPostRestart(cause, null);
            CheckReceiveTimeout();
            if (_system.Settings.DebugLifecycle)
                Publish(new Debug(_self.Path.ToString(), fresh.GetType(), $"restarted ({fresh})"));
        }
        catch (Exception e)
        {
            if (_actor is not null)
                ClearActor(_actor);
            HandleInvokeFailure(new PostRestartException(_self, e, cause), survivors);
            return;
        }

        foreach (var child in survivors)
        {
            try
            {
                child.Restart(cause);
            }
            catch (Exception e)
            {
                Publish(new Error(e, _self.Path.ToString(), ActorTypeOrThis, $"The child {child} could not be restarted"));
            }
        }
    }

    private void FaultSuspend()
    {
        _mailbox.Suspend();
        SuspendChildren(null);
    }

    private void FaultResume(Exception causedByFailure)
    {
        if (_actor is null && causedByFailure is not null && IsNormal)
        {
            Publish(new Error(null, _self.Path.ToString(), _props.Type, $"There is no instance to resume, one is created anew after: {causedByFailure.Message}"));
            FaultCreate();
            return;
        }

        var perpetrator = _failed;
        _mailbox.Resume();
        if (causedByFailure is not null)
            ClearFailed();
        ResumeChildren(causedByFailure, perpetrator);
    }

    private void StopAllChildren()
    {
        foreach (var child in _children.Refs())
            Stop(child);
    }

    private void TerminateActor()
    {
        SetReceiveTimeout(null);
        UnwatchWatchedActors(_actor);
        StopAllChildren();

        var wasTerminating = IsTerminating;
        if (_children.SetReason(WaitReason.Termination, null))
        {
            // Nothing more is processed while the children go, and what fails then is not the parent's business.
            if (!wasTerminating)
            {
                _mailbox.Suspend();
                _failed = _self;
                if (_system.Settings.DebugLifecycle)
                    Publish(new Debug(_self.Path.ToString(), ActorTypeOrThis, "stopping"));
            }
        }
        else
        {
            SetTerminated();
            FinishTerminate();
        }
    }

    protected void SetTerminated() => _children.SetTerminated();

    private void FinishTerminate()
    {
        var actor = _actor;
        try
        {
            if (actor is not null && !_aroundPostStopDone)
            {
                _aroundPostStopDone = true;
                actor.AroundPostStop();
            }
        }
        catch (Exception e)
        {
            Publish(new Error(e, _self.Path.ToString(), ActorTypeOrThis, e.Message));
        }

        CancelReceiveTimeout();
        UnwatchWatchedActors(actor);
        ClearActor(actor);
        try
        {
            _dispatcher.Detach(this);
        }
        catch (Exception e)
        {
            Publish(new Error(e, _self.Path.ToString(), _props.Type, e.Message));
        }

        _parent.SendSystemMessage(new DeathWatchNotification(_self, existenceConfirmed: true, addressTerminated: false));
        TellWatchersWeDied();
        if (_system.Settings.DebugLifecycle)
            Publish(new Debug(_self.Path.ToString(), _props.Type, "stopped"));
        _taskScheduler = null;
    }

    /// <summary>This actor cannot go on by itself: suspend it and its children, and ask the parent.</summary>
    internal void HandleInvokeFailure(Exception cause, IInternalActorRef[] childrenNotToSuspend = null, IActorRef perpetrator = null)
    {
        // Once reported, the parent's decision covers what else goes wrong until then.
        if (_failed is not null)
            return;
        try
        {
            _mailbox.Suspend();
            _failed = perpetrator ?? _self;
            foreach (var child in _children.Refs())
            {
                if (!child.Equals(_failed) && (childrenNotToSuspend is null || !childrenNotToSuspend.Contains(child)))
                    child.Suspend();
            }

            _parent.SendSystemMessage(new Failed(_self, cause, _self.Path.Uid));
        }
        catch (Exception e)
        {
            Publish(new Error(
                e, _self.Path.ToString(), ActorTypeOrThis, $"Stopped at once: reporting a failure failed too. The failure was {cause.GetType()}: {cause.Message}"));
            StopAllChildren();
            FinishTerminate();
        }
    }
}
