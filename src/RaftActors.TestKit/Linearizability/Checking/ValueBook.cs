namespace RaftActors.TestKit.Linearizability;

/// <summary>
/// Which states operations still need and which operations can still bring about: when an operation needs a state that nobody can
/// produce any more, the search need not go on. Without this, concurrent writes are tried in all orders although one read has
/// already decided which was the last.
/// </summary>
internal sealed class ValueBook<TState>
{
    private const int None = -1;
    private const int ReadOnly = -2;
    private const int Anything = -3;

    private readonly Dictionary<Boxed, int> _ids;
    private readonly int[] _required;
    private readonly int[] _produced;
    private readonly List<int> _needed = [];
    private readonly List<int> _producers = [];

    // Operations that are not placed and of which nobody knows what they produce. As long as there are any, nothing is hopeless.
    private int _wild;
    private int _hopeless;

    public ValueBook(ISequentialModel<TState> model, IReadOnlyList<HistoryOperation> operations, IEqualityComparer<TState> states)
    {
        _ids = new Dictionary<Boxed, int>(new BoxedComparer(states));
        _required = new int[operations.Count];
        _produced = new int[operations.Count];
        for (int i = 0; i < operations.Count; i++)
        {
            HistoryOperation operation = operations[i];
            _required[i] = model.TryGetRequiredState(operation, out TState? required) ? Intern(required) : None;
            _produced[i] = model.IsReadOnly(operation) ? ReadOnly
                : model.TryGetProducedState(operation, out TState? produced) ? Intern(produced)
                : Anything;
        }

        for (int i = 0; i < operations.Count; i++)
        {
            Return(i);
        }
    }

    /// <summary>An operation is placed.</summary>
    public void Place(int operation)
    {
        Change(_required[operation], _needed, -1);
        if (_produced[operation] == Anything)
        {
            _wild--;
        }
        else
        {
            Change(_produced[operation], _producers, -1);
        }
    }

    /// <summary>An operation is not placed any more.</summary>
    public void Return(int operation)
    {
        Change(_required[operation], _needed, 1);
        if (_produced[operation] == Anything)
        {
            _wild++;
        }
        else
        {
            Change(_produced[operation], _producers, 1);
        }
    }

    /// <summary>True when an operation needs a state that is not this one and cannot come any more.</summary>
    public bool IsHopeless(TState state)
    {
        if (_wild > 0 || _hopeless == 0)
        {
            return false;
        }

        return _hopeless > 1 || !(_ids.TryGetValue(new Boxed(state), out int id) && IsHopeless(id));
    }

    private int Intern(TState state)
    {
        if (!_ids.TryGetValue(new Boxed(state), out int id))
        {
            id = _ids.Count;
            _ids.Add(new Boxed(state), id);
            _needed.Add(0);
            _producers.Add(0);
        }

        return id;
    }

    private void Change(int id, List<int> counts, int by)
    {
        if (id < 0)
        {
            return;
        }

        int before = IsHopeless(id) ? 1 : 0;
        counts[id] += by;
        _hopeless += (IsHopeless(id) ? 1 : 0) - before;
    }

    private bool IsHopeless(int id) => _needed[id] > 0 && _producers[id] == 0;

    // A state may be null, which a dictionary does not take as a key.
    private readonly record struct Boxed(TState State);

    private sealed class BoxedComparer(IEqualityComparer<TState> states) : IEqualityComparer<Boxed>
    {
        public bool Equals(Boxed x, Boxed y) => states.Equals(x.State, y.State);

        public int GetHashCode(Boxed boxed) => boxed.State is null ? 0 : states.GetHashCode(boxed.State);
    }
}
