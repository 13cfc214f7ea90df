using RaftActors.Protocol;

namespace RaftActors.TestKit.Linearizability;

/// <summary>How a search ended.</summary>
internal enum SearchVerdict
{
    Found,
    Impossible,
    OutOfBudget,
}

/// <summary>
/// Looks for an order of operations that respects real time and that a model can execute.
/// </summary>
/// <remarks>
/// The search of Wing and Gong ("Testing and verifying concurrent objects", 1993): an operation may come next when no other one that is
/// not placed had returned before it was called. With Lowe's memory of configurations ("Testing for linearizability", 2017). What makes it
/// faster beyond that:
/// <list type="bullet">
/// <item>a read-only operation that may come next and is legal is placed at once, without alternative: in any order it can be moved to the
/// front and nothing else notices;</item>
/// <item>an operation with an unknown outcome need never be placed; it is tried last, and among equal ones the earliest first;</item>
/// <item>an unknown operation that would undo the one placed just before it (a write over a write) is not tried there: without the first one it would lead to
/// the same, and it is tried there;</item>
/// <item>a configuration is known when one with fewer unknown operations is (<see cref="SearchMemo{TState}"/>);</item>
/// <item>a state that is needed and cannot come any more ends the branch (<see cref="ValueBook{TState}"/>).</item>
/// </list>
/// </remarks>
internal sealed class PartitionSearch<TState>
{
    private const long Never = long.MaxValue;

    private readonly ISequentialModel<TState> _model;
    private readonly IReadOnlyList<HistoryOperation> _operations;
    private readonly IEqualityComparer<TState> _states = EqualityComparer<TState>.Default;
    private readonly SearchBudget _budget;
    private readonly SearchMemo<TState> _memo;
    private readonly ValueBook<TState> _book;
    private readonly long[] _calls;
    private readonly long[] _returns;
    private readonly UInt128[] _hashes;

    // Two rings in the order of calls, of what is not placed: completed operations behind _completed, the others behind _unknown.
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly int _completed;
    private readonly int _unknown;

    // For an unknown operation the equal one before it, and its bit; -1 for none.
    private readonly int[] _twin;
    private readonly int[] _bit;
    private readonly bool[] _readOnly;
    private readonly bool[] _placed;
    private readonly ulong[] _unknownPlaced;
    private readonly ByReturn _byReturn;
    private readonly List<int> _trail = [];
    private readonly List<Frame> _frames = [];
    private readonly List<Candidate> _candidates = [];
    private int _unknownCount;
    private int _completedLeft;
    private UInt128 _placedHash;

    /// <summary>Prepares a search.</summary>
    /// <param name="model">What the object does.</param>
    /// <param name="operations">Completed and unknown operations of one part, in the order of their calls.</param>
    /// <param name="budget">What the search may use up.</param>
    public PartitionSearch(ISequentialModel<TState> model, IReadOnlyList<HistoryOperation> operations, SearchBudget budget)
    {
        _model = model;
        _operations = operations;
        _budget = budget;
        _memo = new SearchMemo<TState>(_states);
        int count = operations.Count;
        _calls = new long[count];
        _returns = new long[count];
        _byReturn = new ByReturn(_returns);
        _hashes = new UInt128[count];
        _next = new int[count + 2];
        _previous = new int[count + 2];
        _twin = new int[count];
        _bit = new int[count];
        _readOnly = new bool[count];
        _placed = new bool[count];
        _completed = count;
        _unknown = count + 1;
        _next[_completed] = _previous[_completed] = _completed;
        _next[_unknown] = _previous[_unknown] = _unknown;
        Dictionary<(string, HistoryValue, HistoryValue, HistoryValue), int> twins = [];
        int bits = 0;
        SeededRandom random = new(0x9E3779B97F4A7C15);
        for (int i = 0; i < count; i++)
        {
            HistoryOperation operation = operations[i];
            bool isUnknown = operation.Outcome != OperationOutcome.Completed;
            _calls[i] = operation.CallNs;
            _returns[i] = isUnknown ? Never : operation.ReturnNs!.Value;
            _hashes[i] = new UInt128(random.Next(), random.Next());
            _twin[i] = _bit[i] = -1;
            _readOnly[i] = model.IsReadOnly(operation);
            if (isUnknown && _readOnly[i])
            {
                continue; // An unanswered question says nothing.
            }

            Append(isUnknown ? _unknown : _completed, i);
            if (isUnknown)
            {
                _bit[i] = bits++;
                (string, HistoryValue, HistoryValue, HistoryValue) kind = (operation.Name, operation.Key, operation.Value, operation.Expected);
                _twin[i] = twins.GetValueOrDefault(kind, -1);
                twins[kind] = i;
            }
            else
            {
                _completedLeft++;
            }
        }

        _unknownPlaced = new ulong[(bits + 63) / 64];
        _book = new ValueBook<TState>(model, operations, _states);
    }

    /// <summary>Which bound was reached, when the search ended because of one.</summary>
    public SearchBound Bound { get; private set; }

    /// <summary>No order was found in which everything that had returned up to this time is placed; everything before it can be.</summary>
    public long BlockedAt { get; private set; }

    /// <summary>The order found: indices of operations.</summary>
    public IReadOnlyList<int> Order => _trail;

    /// <summary>Searches. Once.</summary>
    public SearchVerdict Run()
    {
        TState state = _model.InitialState;
        TState before = state;
        bool afterUnknown = false;
        int spent = 0;
        while (true)
        {
            if ((++spent & 0xFF) == 0 && _budget.Spend(0x100) is { } bound)
            {
                Bound = bound;
                return SearchVerdict.OutOfBudget;
            }

            if (Open(state, afterUnknown, before))
            {
                _budget.Spend(spent & 0xFF);
                return SearchVerdict.Found;
            }

            if (!TakeNextCandidate(out state, out afterUnknown, out before))
            {
                _budget.Spend(spent & 0xFF);
                return SearchVerdict.Impossible;
            }
        }
    }

    /// <summary>Goes to the next alternative, back through those that are used up; false when there is none.</summary>
    private bool TakeNextCandidate(out TState state, out bool isUnknown, out TState before)
    {
        while (_frames.Count > 0)
        {
            Frame frame = _frames[^1];
            while (_trail.Count > frame.Trail)
            {
                Return(_trail[^1]);
            }

            if (frame.Next < frame.End)
            {
                Candidate candidate = _candidates[frame.Next];
                _frames[^1] = frame with { Next = frame.Next + 1 };
                Place(candidate.Operation);
                state = candidate.State;
                before = frame.State;
                isUnknown = _bit[candidate.Operation] >= 0;
                return true;
            }

            _candidates.RemoveRange(frame.Begin, _candidates.Count - frame.Begin);
            _frames.RemoveAt(_frames.Count - 1);
        }

        state = before = _model.InitialState;
        isUnknown = false;
        return false;
    }

    /// <summary>Enters a configuration: places what needs no decision and notes the alternatives. True when nothing is left to place.</summary>
    private bool Open(TState state, bool afterUnknown, TState before)
    {
        int begin = _candidates.Count;
        long earliestReturn;
        bool absorbed;
        do
        {
            absorbed = false;
            _candidates.RemoveRange(begin, _candidates.Count - begin);
            earliestReturn = EarliestReturn();
            for (int i = _next[_completed]; i != _completed && _calls[i] <= earliestReturn; i = _next[i])
            {
                ModelStep<TState> step = _model.Step(state, _operations[i]);
                if (!step.IsLegal)
                {
                    continue;
                }

                if (_readOnly[i])
                {
                    Place(i);
                    absorbed = true;
                    afterUnknown = false;
                }
                else if (!absorbed)
                {
                    _candidates.Add(new Candidate(i, step.Next));
                }
            }
        }
        while (absorbed);

        if (_completedLeft == 0)
        {
            return true;
        }

        BlockedAt = Math.Max(BlockedAt, earliestReturn);
        if (_book.IsHopeless(state) || !_memo.TryAdd(_placedHash, state, _unknownPlaced, _unknownCount))
        {
            _candidates.RemoveRange(begin, _candidates.Count - begin);
            return false;
        }

        // The one that must come first is the likeliest.
        _candidates.Sort(begin, _candidates.Count - begin, _byReturn);
        for (int i = _next[_unknown]; i != _unknown && _calls[i] <= earliestReturn; i = _next[i])
        {
            if (_twin[i] >= 0 && !_placed[_twin[i]])
            {
                continue;
            }

            // Without effect now, it is of more use unplaced.
            ModelStep<TState> step = _model.Step(state, _operations[i]);
            if (!step.IsLegal || _states.Equals(step.Next, state))
            {
                continue;
            }

            if (afterUnknown && _model.Step(before, _operations[i]) is { IsLegal: true } without && _states.Equals(without.Next, step.Next))
            {
                continue;
            }

            _candidates.Add(new Candidate(i, step.Next));
        }

        _frames.Add(new Frame(_trail.Count, state, begin, _candidates.Count, begin));
        return false;
    }

    private long EarliestReturn()
    {
        long earliest = Never;
        for (int i = _next[_completed]; i != _completed && _calls[i] <= earliest; i = _next[i])
        {
            earliest = Math.Min(earliest, _returns[i]);
        }

        return earliest;
    }

    private void Place(int operation)
    {
        _next[_previous[operation]] = _next[operation];
        _previous[_next[operation]] = _previous[operation];
        _placed[operation] = true;
        _trail.Add(operation);
        _book.Place(operation);
        Count(operation, -1);
    }

    private void Return(int operation)
    {
        // In the reverse order of Place, so that the neighbours are the same as then.
        _next[_previous[operation]] = operation;
        _previous[_next[operation]] = operation;
        _placed[operation] = false;
        _trail.RemoveAt(_trail.Count - 1);
        _book.Return(operation);
        Count(operation, 1);
    }

    private void Count(int operation, int left)
    {
        if (_bit[operation] >= 0)
        {
            _unknownCount -= left;
            _unknownPlaced[_bit[operation] >> 6] ^= 1UL << (_bit[operation] & 63);
        }
        else
        {
            _completedLeft += left;
            _placedHash ^= _hashes[operation];
        }
    }

    private void Append(int ring, int operation)
    {
        int last = _previous[ring];
        _next[last] = operation;
        _previous[operation] = last;
        _next[operation] = ring;
        _previous[ring] = operation;
    }

    /// <summary>An operation that may come next, and the state after it.</summary>
    private readonly record struct Candidate(int Operation, TState State);

    /// <summary>A configuration on the way to the present one: how much was placed, the state, and which alternatives are left.</summary>
    private readonly record struct Frame(int Trail, TState State, int Begin, int End, int Next);

    private sealed class ByReturn(long[] returns) : IComparer<Candidate>
    {
        public int Compare(Candidate x, Candidate y)
        {
            int order = returns[x.Operation].CompareTo(returns[y.Operation]);
            return order != 0 ? order : x.Operation.CompareTo(y.Operation);
        }
    }
}
