using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// Clients with sessions, small ones in every respect: they propose, repeat after unknown outcomes, repeat before there is an outcome, repeat what was answered long ago, through any member; they keep, close and
/// lose their sessions. What must never come of it is in <see cref="SessionsAreExactlyOnce"/>.
/// </summary>
public sealed class RandomSessions(CoreCluster cluster, SimulationSchedule schedule)
{
    private readonly SimulationRandom _times = new SimulationRandom(schedule.Seed).Fork(40);
    private readonly SimulationRandom _actions = new SimulationRandom(schedule.Seed).Fork(41);
    private readonly List<Client> _clients = [];
    private int _count;
    private bool _stopped;

    /// <summary>Begins to submit.</summary>
    public void Begin()
    {
        for (int i = 0; i < cluster.Profile.Sessions; i++)
        {
            _clients.Add(new Client());
        }

        if (_clients.Count > 0)
        {
            Next();
        }
    }

    /// <summary>Submits nothing any more.</summary>
    public void Stop() => _stopped = true;

    private void Next() => cluster.Time.In(_times.Between(TimeSpan.Zero, 2 * cluster.Profile.SubmitEvery), () =>
    {
        if (_stopped)
        {
            return;
        }

        // A source of its own for each action: leaving one out does not change the others.
        SimulationRandom random = _actions.Fork((ulong)++_count);
        Act(random.Pick(_clients), random);
        Next();
    });

    private void Act(Client client, SimulationRandom random)
    {
        Learn(client);
        SimulatedMember[] leaders = [.. cluster.Members.Where(m => m.IsLeader)];
        SimulatedMember at = leaders.Length > 0 && random.Chance(0.85) ? random.Pick(leaders) : random.Pick(cluster.Members);
        if (!at.IsUp)
        {
            return;
        }

        if (client.Session == 0)
        {
            if (client.Opening is null or { State: WriteState.Unknown or WriteState.Refused })
            {
                client.Opening = cluster.ControlSession(at, SessionControl.Open(Limits(random)));
            }

            return;
        }

        Command? old = client.Commands.Count > 0 ? random.Pick(client.Commands) : null;
        switch (random.Below(20))
        {
            case < 9 when client.Commands.Count(c => !c.IsAnswered) < 6:
                Command command = new(client.NextSerial++, cluster.NextValue());
                client.Commands.Add(command);
                Send(client, command, at);
                break;
            case < 17 when old is not null:
                Send(client, client.Commands.Find(c => !c.IsAnswered) ?? old, at);
                break;
            case 17 when old is not null:
                Send(client, old, at);
                break;
            case 18:
                cluster.ControlSession(at, SessionControl.KeepAlive(client.Session));
                break;
            case 19 when random.Chance(0.2):
                cluster.ControlSession(at, SessionControl.Close(client.Session));
                break;
        }
    }

    private void Send(Client client, Command command, SimulatedMember at) =>
        command.Attempts.Add(cluster.WriteInSession(at, client.Session, command.Serial, command.Value));

    /// <summary>What the client concludes from the answers that have come.</summary>
    private void Learn(Client client)
    {
        if (client.Opening is { State: WriteState.Acknowledged } opening)
        {
            client.Session = (ulong)opening.First.Index.Value;
            client.Opening = null;
        }

        foreach (Command command in client.Commands)
        {
            foreach (ClientWrite attempt in command.Attempts.Where(a => a.State == WriteState.Acknowledged))
            {
                switch (attempt.Verdict?.Decision)
                {
                    case SessionDecision.NoSession:
                        client.Lost = true;
                        break;
                    default:
                        command.IsAnswered = true;
                        break;
                }
            }

            command.Attempts.RemoveAll(a => a.State is not (WriteState.Waiting or WriteState.Accepted));
        }

        if (client.Commands.Count > 12)
        {
            client.Commands.RemoveAt(0);
        }

        if (client.Lost)
        {
            // What was not answered has an unknown outcome for ever; serials begin anew.
            client.Lost = false;
            client.Session = 0;
            client.NextSerial = 1;
            client.Commands.Clear();
        }
    }

    private static SessionLimits Limits(SimulationRandom random) => new(
        TimeSpan.FromMilliseconds(random.Pick([300, 800, 3000])),
        random.Pick([1, 2, 3, 10]),
        random.Pick([1, 2, 4, 16]),
        random.Pick([0, 8, 24, 1000]));

    private sealed class Client
    {
        public ClientWrite? Opening { get; set; }

        public ulong Session { get; set; }

        public ulong NextSerial { get; set; } = 1;

        public bool Lost { get; set; }

        public List<Command> Commands { get; } = [];
    }

    private sealed class Command(ulong serial, ulong value)
    {
        public ulong Serial { get; } = serial;

        public ulong Value { get; } = value;

        public bool IsAnswered { get; set; }

        public List<ClientWrite> Attempts { get; } = [];
    }
}
