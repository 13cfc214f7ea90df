namespace Akka.Contract.Tests.Messaging;

public sealed class AskSpec : ContractSpec
{
    [Fact]
    public async Task An_answer_must_complete_the_ask()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Answering()));

        Assert.Equal("echo", await actor.Ask<string>("echo", Patience));
    }

    [Fact]
    public async Task No_answer_in_time_must_be_an_AskTimeoutException()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Answering()));

        await Assert.ThrowsAsync<AskTimeoutException>(() => actor.Ask<string>("silence", TimeSpan.FromMilliseconds(50)));
    }

    [Fact]
    public async Task A_Status_Failure_must_be_thrown_as_its_cause()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Answering()));

        var thrown = await Assert.ThrowsAnyAsync<Exception>(() => actor.Ask<string>("fail", Patience));

        Assert.Contains(Chain(thrown), one => one is Boom { Message: "answered" });
    }

    [Fact]
    public async Task A_cancelled_token_must_cancel_the_ask()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Answering()));
        using var cancel = new CancellationTokenSource();
        var ask = actor.Ask<string>("silence", Timeout.InfiniteTimeSpan, cancel.Token);
        Assert.False(ask.IsCompleted);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ask);
    }

    [Fact]
    public async Task An_answer_of_another_type_must_fail_the_ask()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Answering()));

        await Assert.ThrowsAnyAsync<Exception>(() => actor.Ask<int>("echo", Patience));
    }

    [Fact]
    public async Task The_message_may_carry_the_asker()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Answering()));

        Assert.Equal("in the message", await actor.Ask<string>(asker => new ReplyTo(asker), Patience, CancellationToken.None));
    }

    [Fact]
    public async Task Many_asks_at_once_must_each_get_their_own_answer()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Answering()));

        var asks = Enumerable.Range(0, 5_000).Select(number => actor.Ask<int>(number, Patience)).ToList();

        Assert.Equal(Enumerable.Range(0, 5_000), await Task.WhenAll(asks));
    }

    [Fact]
    public async Task An_ask_must_work_on_a_selection()
    {
        Sys.ActorOf(Props.Create(() => new Answering()), "answering");

        Assert.Equal("echo", await Sys.ActorSelection("/user/answering").Ask<string>("echo", Patience));
    }

    private sealed record ReplyTo(IActorRef Asker);

    private sealed class Answering : ReceiveActor
    {
        public Answering()
        {
            Receive<ReplyTo>(ask => ask.Asker.Tell("in the message"));
            Receive<string>(text =>
            {
                switch (text)
                {
                    case "silence":
                        break;
                    case "fail":
                        Sender.Tell(new Status.Failure(new Boom("answered")));
                        break;
                    default:
                        Sender.Tell(text);
                        break;
                }
            });
            ReceiveAny(message => Sender.Tell(message));
        }
    }
}
