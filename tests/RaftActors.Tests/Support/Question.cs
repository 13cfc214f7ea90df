using Akka.Actor;

namespace RaftActors.Tests.Support;

/// <summary>
/// An ask that always belongs to the given actor system. The usual one takes the system of the actor that the thread runs, and test kits of other tests leave theirs on
/// pooled threads.
/// </summary>
internal static class Question
{
    public static async Task<T> AskFrom<T>(this ActorSystem system, ICanTell target, object message)
    {
        TaskCompletionSource<object> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        system.ActorOf(Props.Create(() => new Asker(target, message, answer)));
        return Assert.IsAssignableFrom<T>(await answer.Task.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    private sealed class Asker(ICanTell target, object question, TaskCompletionSource<object> answer) : UntypedActor
    {
        protected override void PreStart() => target.Tell(question, Self);

        protected override void OnReceive(object message)
        {
            answer.TrySetResult(message);
            Context.Stop(Self);
        }
    }
}
