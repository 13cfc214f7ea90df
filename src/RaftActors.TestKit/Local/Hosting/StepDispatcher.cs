using Akka.Configuration;
using Akka.Dispatch;

namespace RaftActors.TestKit.Local;

/// <summary>Named as dispatcher type in the members' configuration: turns of actors wait for the cluster's own loop, and no thread runs them.</summary>
internal sealed class StepDispatcherConfigurator : MessageDispatcherConfigurator
{
    private readonly StepDispatcher _dispatcher;

    public StepDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites) =>
        _dispatcher = new StepDispatcher(this, MemberRun.Of(prerequisites.Settings.Config));

    public override MessageDispatcher Dispatcher() => _dispatcher;

    private sealed class StepDispatcher : MessageDispatcher
    {
        private readonly MemberRun _run;

        public StepDispatcher(MessageDispatcherConfigurator configurator, MemberRun run)
            : base(configurator)
        {
            _run = run;

            // One message a turn: every order of messages of different actors can happen.
            Throughput = 1;
        }

        protected override void ExecuteTask(IRunnable run) => _run.Enqueue(run);

        protected override void Shutdown()
        {
        }
    }
}
