using RaftActors.TestKit.Linearizability;

namespace RaftActors.TestKit.Simulation;

// Clients with sessions: they ask again, any member, under the same number, until they know. Their history has one operation for all attempts, so whatever is applied twice does not fit into it.
internal sealed partial class ActorClients
{
    private void OpenSession(Client client, NodeId member)
    {
        ClusterCall<ProposalAnswer> call = _cluster.Begin<ProposalAnswer>(member, "open a session", stream => stream.RequestAsync(new OpenSession()), reason => new OutcomeUnknown(reason));
        client.Open = new Request(member, _cluster.Now, () => call.IsCompleted, () =>
        {
            client.Session = SessionGrant.Of(call.Answer!)?.SessionId ?? 0;
            client.Serial = 0;
        });
    }

    private void WriteOnce(Client client, NodeId member, PendingOperation operation, byte[] command, string key, string value, SessionSerial serial, bool mayBeApplied)
    {
        ClusterCall<ProposalAnswer> call = _cluster.BeginPropose(member, command, new ProposeOptions { Session = serial });
        client.Open = new Request(member, _cluster.Now, () => call.IsCompleted, () =>
        {
            switch (call.Answer)
            {
                case ProposalCommitted committed:
                    Complete(client, operation, committed, key, value);
                    break;
                case ProposalRefused { Code: RefusalCode.SessionExpired or RefusalCode.SessionSerialTooOld or RefusalCode.SessionResultForgotten } refused:
                    client.Session = 0;
                    if (mayBeApplied)
                    {
                        operation.LeaveUnknown(refused.Reason);
                        client.Generation++;
                    }
                    else
                    {
                        operation.Fail(refused.Reason);
                    }

                    break;
                default:
                    bool now = mayBeApplied || call.Answer is OutcomeUnknown or CommittedNotApplied;
                    client.Again = next => WriteOnce(client, next, operation, command, key, value, serial, now);
                    break;
            }
        });
    }
}
