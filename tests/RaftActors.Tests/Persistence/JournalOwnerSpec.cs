using RaftActors.Runtime;

namespace RaftActors.Tests.Persistence;

/// <summary>Whose journal it is, by who has written into it.</summary>
public sealed class JournalOwnerSpec
{
    private static readonly string Ours = LogActor.PersistenceIdOf(new StreamId(1), new NodeId(11));
    private static readonly string Others = LogActor.PersistenceIdOf(new StreamId(4294967295), new NodeId(1));

    [Fact]
    public void A_journal_must_be_that_of_whoever_has_written_into_it()
    {
        Assert.Equal(new NodeId(1), JournalOwner.OtherThan(new NodeId(11), [Others]));
        Assert.Equal(new NodeId(11), JournalOwner.OtherThan(new NodeId(1), [Ours]));
        Assert.Equal(NodeId.None, JournalOwner.OtherThan(new NodeId(11), [Ours]));
        Assert.Equal(NodeId.None, JournalOwner.OtherThan(new NodeId(11), [Others, Ours]));
        Assert.Equal(NodeId.None, JournalOwner.OtherThan(new NodeId(11), []));
        Assert.Equal(NodeId.None, JournalOwner.OtherThan(NodeId.None, [Ours]));
    }

    [Theory]
    [InlineData("orders-1")]
    [InlineData("raft-stream-1-node-1-snapshots")]
    [InlineData("raft-stream-x-node-1")]
    [InlineData("raft-stream-1-node-99999999999")]
    [InlineData("raft-stream-1-node--1")]
    [InlineData("")]
    public void What_no_stream_has_written_must_not_count(string persistenceId) =>
        Assert.Equal(NodeId.None, JournalOwner.OtherThan(new NodeId(11), [persistenceId]));
}
