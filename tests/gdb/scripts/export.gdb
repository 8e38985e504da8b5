# Reports in files: the format by the file's name or by an option; a failure leaves no file.
# RUN: live deadlock2
# RUN: core O0-g/deadlock2.gcore
coretool export report.json
shell python3 -c "import json; r = json.load(open('report.json')); print(r['schema'], r['summary']['verdict'], len(r['actors']))"
# CHECK-ONLY: ^coretool-report/1 deadlock 3$
coretool export report.dot
shell head -1 report.dot; tail -1 report.dot
# CHECK: ^digraph coretool \{
# CHECK: ^\}
coretool export report.ndjson
shell python3 -c "import json; rows = [json.loads(l) for l in open('report.ndjson')]; print(len(rows) > 5)"
# CHECK-ONLY: True
coretool export report.txt
shell cat report.txt
# CHECK: CT101 lock-cycle, P0, proven
# CHECK: ^Stacks
coretool export "with space.json"
shell grep -c coretool-report/1 "with space.json"
# CHECK-ONLY: 1
coretool export no-such-directory/report.json
# CHECK-ONLY: no-such-directory
coretool export
# CHECK-ONLY: FILE
shell ls
# CHECK-NOT: no-such|\.part|\.tmp
